/** The confirms that follow a round of holds. */
import type { LoadConnection } from "../load/load.ts";
import type { LoadSummary } from "../load/run-load.ts";

/** One connection per booking won, each with its buyer's token. */
export function confirmationsOf(held: LoadSummary, tokens: readonly string[]): LoadConnection[] {
	return held.won.map(({ connection, body }) => ({ token: tokenOf(tokens, connection), requests: [{ path: pathOf(body) }] }));
}

/** The bookings of each buyer over that buyer's one connection; cut to equally many each. */
export function confirmationsByBuyer(held: LoadSummary, tokens: readonly string[]): LoadConnection[] {
	const requests = tokens.map((): { path: string }[] => []);
	for (const { connection, body } of held.won) requests[connection]?.push({ path: pathOf(body) });
	const length = Math.min(...requests.map((list) => list.length));
	return requests.map((list, connection) => ({ token: tokenOf(tokens, connection), requests: list.slice(0, length) }));
}

function tokenOf(tokens: readonly string[], connection: number): string {
	const token = tokens[connection];
	if (token === undefined) throw new Error(`connection ${connection} has no buyer`);
	return token;
}

const pathOf = (body: string): string => `/api/v1/bookings/${JSON.parse(body).id}/confirm`;
