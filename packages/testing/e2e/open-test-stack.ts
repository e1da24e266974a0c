/** The whole product in processes of its own, for one test file, and people who use it over HTTP. */
import { rmSync } from "node:fs";
import type { ShowtimeId } from "@holdfast/domain";
import { makeScratchFolder, queryPostgres, type Stack, startStack } from "@holdfast/local-stack";
import { insertShowtimes, insertUsers, mintTokens, openProof, type Proof } from "@holdfast/testing";

/** What an answer says. `code` is a problem's; `body` is parsed JSON. */
export type Answer = {
	readonly status: number;
	readonly code: string | null;
	readonly body: Record<string, unknown>;
	readonly etag: string | null;
};

export type Buyer = {
	hold(showtimeId: ShowtimeId, seats: readonly string[], headers?: Record<string, string>): Promise<Answer>;
	confirm(bookingId: string, headers?: Record<string, string>): Promise<Answer>;
	cancel(bookingId: string, headers?: Record<string, string>): Promise<Answer>;
	show(bookingId: string): Promise<Answer>;
};

export type TestStack = {
	readonly stack: Stack;
	readonly proof: Proof;
	buyers(count: number): Promise<Buyer[]>;
	/** A showtime of 10 x 10 seats on sale now. */
	showtime(): Promise<ShowtimeId>;
	showtimes(count: number): Promise<ShowtimeId[]>;
	get(path: string): Promise<Answer>;
	query(statement: string): Promise<Record<string, string | null>[]>;
	close(): Promise<void>;
};

export async function openTestStack(environment: Record<string, string> = {}): Promise<TestStack> {
	const dataDir = makeScratchFolder();
	const stack = await startStack({ dataDir, skipSeed: true, environment: { LOG_LEVEL: "warn", ...environment } });
	const { apiUrl, databaseUrl, redisUrl, jwtSecret } = stack.info;
	const proof = openProof({ redisUrl, databaseUrl });
	return {
		stack,
		proof,
		buyers: async (count) => mintTokens(jwtSecret, await insertUsers(databaseUrl, count)).map((token) => buyerWith(apiUrl, token)),
		async showtime() {
			const [id] = (await insertShowtimes(databaseUrl)).showtimeIds;
			if (id === undefined) throw new Error("a showtime was inserted");
			return id;
		},
		showtimes: async (count) => (await insertShowtimes(databaseUrl, { count })).showtimeIds,
		get: (path) => ask(`${apiUrl}/api/v1${path}`, { method: "GET" }),
		query: (statement) => queryPostgres(databaseUrl, statement),
		async close() {
			await proof.close();
			await stack.stop();
			rmSync(dataDir, { recursive: true, force: true });
		},
	};
}

/** Somebody with a token. */
export function buyerWith(apiUrl: string, token: string): Buyer {
	const send = (method: string, path: string, headers: Record<string, string> = {}, body?: unknown): Promise<Answer> =>
		ask(`${apiUrl}/api/v1${path}`, {
			method,
			headers: { authorization: `Bearer ${token}`, ...(body === undefined ? {} : { "content-type": "application/json" }), ...headers },
			...(body === undefined ? {} : { body: JSON.stringify(body) }),
		});
	return {
		hold: (showtimeId, seats, headers) => send("POST", "/bookings", headers, { showtimeId, seats }),
		confirm: (bookingId, headers) => send("POST", `/bookings/${bookingId}/confirm`, headers),
		cancel: (bookingId, headers) => send("DELETE", `/bookings/${bookingId}`, headers),
		show: (bookingId) => send("GET", `/bookings/${bookingId}`),
	};
}

/** One request; an answer that is not JSON, or a broken connection, throws. */
async function ask(url: string, init: RequestInit): Promise<Answer> {
	const response = await fetch(url, init);
	const body: Record<string, unknown> = Object(await response.json());
	return { status: response.status, code: typeof body.code === "string" ? body.code : null, body, etag: response.headers.get("etag") };
}

/** How often each answer came: `201`, `409 seats_taken`, ... */
export function tally(answers: readonly Answer[]): Record<string, number> {
	const counts: Record<string, number> = {};
	for (const { status, code } of answers) {
		const key = code === null ? String(status) : `${status} ${code}`;
		counts[key] = (counts[key] ?? 0) + 1;
	}
	return counts;
}

export function idOf(answer: Answer): string {
	if (typeof answer.body.id !== "string") throw new Error(`answered ${answer.status} ${answer.code} without a booking`);
	return answer.body.id;
}
