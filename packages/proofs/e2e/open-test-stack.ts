/** Starts the whole product in real processes for one test file, with buyers that use it over HTTP. */
import { readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import type { ShowtimeId, UserId } from "@holdfast/domain";
import { makeScratchFolder, queryPostgres, type Stack, startStack } from "@holdfast/local-stack";
import { openProof, type Proof } from "@holdfast/proofs";
import { createTestDatabase, insertShowtimes, insertUsers, mintTokens, type ShowtimeOptions } from "@holdfast/testing";

/** An answer of the API. `code` is the problem code, or null; `body` is the parsed JSON. */
export type Answer = {
	readonly status: number;
	readonly code: string | null;
	readonly body: Record<string, unknown>;
	readonly etag: string | null;
	readonly retryAfter: string | null;
};

/** A signed-in user. Each method sends one request. */
export type Buyer = {
	readonly userId: UserId;
	/** Returns the origin of the API for the next request. */
	readonly server: () => string;
	hold(showtimeId: ShowtimeId, seats: readonly string[], headers?: Record<string, string>): Promise<Answer>;
	confirm(bookingId: string, headers?: Record<string, string>): Promise<Answer>;
	cancel(bookingId: string, headers?: Record<string, string>): Promise<Answer>;
	show(bookingId: string): Promise<Answer>;
	map(showtimeId: ShowtimeId): Promise<Answer>;
};

/** Sends one request of an admin. `path` begins after `/api/v1`. */
export type AdminRequest = (method: "GET" | "POST" | "PUT" | "DELETE", path: string, body?: object) => Promise<Answer>;

/** A running product. */
export type TestStack = {
	readonly stack: Stack;
	readonly proof: Proof;
	readonly databaseUrl: string;
	/** Inserts users with access tokens. */
	buyers(count: number): Promise<Buyer[]>;
	/** Inserts an admin, and returns the function that sends the admin's requests. */
	admin(): Promise<AdminRequest>;
	/** Inserts a showtime of 10 x 10 seats that is on sale now. */
	showtime(): Promise<ShowtimeId>;
	/** Inserts several such showtimes with the same seat plan. */
	showtimes(count: number, options?: Omit<ShowtimeOptions, "count">): Promise<ShowtimeId[]>;
	/** Sends a GET request without a token. `path` begins after `/api/v1`. */
	get(path: string): Promise<Answer>;
	/** Returns the log of an app so far. */
	readLog(app: "api" | "sweeper"): string;
	query(statement: string): Promise<Record<string, string | null>[]>;
	/** Runs a statement that the application's role may not run. */
	queryAsOwner(statement: string): Promise<Record<string, string | null>[]>;
	close(): Promise<void>;
};

/** Disables the rate limit per user (`rates.ts` of the API): test clients send far more requests than a person. */
export const UNTHROTTLED = { USER_RATE: "1000000", USER_BURST: "1000000" } as const;

/**
 * Resolves when bookings can be made. The apps get the settings in `environment`. The ledger is a database on the PostgreSQL of the whole
 * test run; `ownPostgres` starts a PostgreSQL for this stack alone, which a test may stop and kill.
 */
export async function openTestStack(
	environment: Record<string, string> = {},
	{ ownPostgres = false }: { readonly ownPostgres?: boolean } = {},
): Promise<TestStack> {
	const dataDir = makeScratchFolder();
	const database = ownPostgres ? null : await createTestDatabase();
	const removeData = async () => {
		await database?.drop();
		rmSync(dataDir, { recursive: true, force: true });
	};
	const stack = await startStack({
		dataDir,
		...(database !== null && { databaseUrl: database.url, databaseOwnerUrl: database.ownerUrl }),
		skipSeed: true,
		environment: { LOG_LEVEL: "warn", ...UNTHROTTLED, ...environment },
	}).catch(async (error) => {
		await removeData();
		throw error;
	});
	const { apiUrl, databaseUrl, redisUrl, jwtSecret } = stack.info;
	const proof = openProof({ redisUrl, databaseUrl });
	return {
		stack,
		proof,
		databaseUrl,
		buyers: (count) => insertBuyers({ databaseUrl, jwtSecret, count, server: () => apiUrl }),
		async admin() {
			const userIds = await insertUsers(databaseUrl, 1);
			await queryPostgres(databaseUrl, `update users set role = 'admin' where id = '${userIds[0]}'`);
			const [token = ""] = mintTokens(jwtSecret, userIds, "admin");
			return (method, path, body) => sendAs(token, `${apiUrl}/api/v1${path}`, { method, body });
		},
		async showtime() {
			const [id] = (await insertShowtimes(databaseUrl)).showtimeIds;
			if (id === undefined) throw new Error("no showtime was inserted");
			return id;
		},
		showtimes: async (count, options) => (await insertShowtimes(databaseUrl, { ...options, count })).showtimeIds,
		get: (path) => ask(`${apiUrl}/api/v1${path}`, { method: "GET" }),
		readLog: (app) => readFileSync(join(dataDir, "logs", `${app}.log`), "utf8"),
		query: (statement) => queryPostgres(databaseUrl, statement),
		queryAsOwner: (statement) => queryPostgres(stack.info.databaseOwnerUrl, statement),
		async close() {
			await proof.close();
			await stack.stop();
			await removeData();
		},
	};
}

/** Inserts users with access tokens. Each request goes to the API whose origin `server` returns at that moment. */
export async function insertBuyers(options: {
	readonly databaseUrl: string;
	readonly jwtSecret: string;
	readonly count: number;
	readonly server: (place: number) => string;
}): Promise<Buyer[]> {
	const userIds = await insertUsers(options.databaseUrl, options.count);
	return mintTokens(options.jwtSecret, userIds).flatMap((token, place) => {
		const userId = userIds[place];
		return userId === undefined ? [] : [buyerWith(() => options.server(place), token, userId)];
	});
}

function buyerWith(server: () => string, token: string, userId: UserId): Buyer {
	const send = (method: string, path: string, headers: Record<string, string> = {}, body?: object): Promise<Answer> =>
		sendAs(token, `${server()}/api/v1${path}`, { method, headers, body });
	return {
		userId,
		server,
		hold: (showtimeId, seats, headers) => send("POST", "/bookings", headers, { showtimeId, seats }),
		confirm: (bookingId, headers) => send("POST", `/bookings/${bookingId}/confirm`, headers),
		cancel: (bookingId, headers) => send("DELETE", `/bookings/${bookingId}`, headers),
		show: (bookingId) => send("GET", `/bookings/${bookingId}`),
		map: (showtimeId) => send("GET", `/showtimes/${showtimeId}/seats`),
	};
}

type Request = { readonly method: string; readonly headers?: Record<string, string>; readonly body?: object | undefined };

const sendAs = (token: string, url: string, { method, headers = {}, body }: Request): Promise<Answer> =>
	ask(url, {
		method,
		headers: { authorization: `Bearer ${token}`, ...(body === undefined ? {} : { "content-type": "application/json" }), ...headers },
		...(body === undefined ? {} : { body: JSON.stringify(body) }),
	});

/** A request without an answer fails after this time, which is longer than any answer may take. */
const ANSWER_DEADLINE_MS = 15_000;

/** Sends one request. Rejects for a broken connection, a missing answer, and an answer that is not JSON. */
async function ask(url: string, init: RequestInit): Promise<Answer> {
	const response = await fetch(url, { ...init, signal: AbortSignal.timeout(ANSWER_DEADLINE_MS) });
	const body: Record<string, unknown> = Object(await response.json());
	const { status, headers } = response;
	const code = typeof body.code === "string" ? body.code : null;
	return { status, code, body, etag: headers.get("etag"), retryAfter: headers.get("retry-after") };
}

const SEATS_PER_ROW = 10;

/** Returns the label of a seat index in a plan with rows of ten seats. */
export const labelOf = (seat: number): string =>
	`${String.fromCharCode("A".charCodeAt(0) + Math.floor(seat / SEATS_PER_ROW))}${(seat % SEATS_PER_ROW) + 1}`;

/** Returns the seat index of a label in a plan with rows of ten seats. */
export const seatOf = (label: string): number => (label.charCodeAt(0) - "A".charCodeAt(0)) * SEATS_PER_ROW + Number(label.slice(1)) - 1;

/** Counts the answers by status and code: `201`, `409 seats_taken`, ... */
export function tally(answers: readonly Answer[]): Record<string, number> {
	const counts: Record<string, number> = {};
	for (const { status, code } of answers) {
		const key = code === null ? String(status) : `${status} ${code}`;
		counts[key] = (counts[key] ?? 0) + 1;
	}
	return counts;
}

/** Returns the booking id of an answer. Throws when the answer has none. */
export function idOf(answer: Answer): string {
	if (typeof answer.body.id !== "string") throw new Error(`the answer ${answer.status} ${answer.code} has no booking`);
	return answer.body.id;
}
