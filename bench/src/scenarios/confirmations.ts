/** Builds the confirm requests for the bookings of a round of holds. */
import type { LoadConnection } from "../load/load.ts";
import type { LoadSummary } from "../load/run-load.ts";

/** Returns one connection per booking, with the token of its buyer. */
export function confirmationsOf(held: LoadSummary, tokens: readonly string[]): LoadConnection[] {
	return held.won.map(({ connection, body }) => ({ token: tokenOf(tokens, connection), requests: [{ path: pathOf(body) }] }));
}

/** Returns one connection per buyer with all its bookings. All lists are cut to the length of the shortest. */
export function confirmationsByBuyer(held: LoadSummary, tokens: readonly string[]): LoadConnection[] {
	const requests = tokens.map((): { path: string }[] => []);
	for (const { connection, body } of held.won) requests[connection]?.push({ path: pathOf(body) });
	const length = Math.min(...requests.map((list) => list.length));
	return requests.map((list, connection) => ({ token: tokenOf(tokens, connection), requests: list.slice(0, length) }));
}

function tokenOf(tokens: readonly string[], connection: number): string {
	const token = tokens[connection];
	if (token === undefined) throw new Error(`no token for connection ${connection}`);
	return token;
}

const pathOf = (body: string): string => `/api/v1/bookings/${JSON.parse(body).id}/confirm`;
