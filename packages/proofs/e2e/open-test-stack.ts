/** The whole product in processes of its own, for one test file, and people who use it over HTTP. */
import { readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import type { ShowtimeId, UserId } from "@holdfast/domain";
import { makeScratchFolder, queryPostgres, type Stack, startStack } from "@holdfast/local-stack";
import { openProof, type Proof } from "@holdfast/proofs";
import { insertShowtimes, insertUsers, mintTokens, type ShowtimeOptions } from "@holdfast/testing";

/** What an answer says. `code` is a problem's; `body` is parsed JSON. */
export type Answer = {
	readonly status: number;
	readonly code: string | null;
	readonly body: Record<string, unknown>;
	readonly etag: string | null;
	readonly retryAfter: string | null;
};

export type Buyer = {
	readonly userId: UserId;
	/** The API that the next request goes to. */
	readonly server: () => string;
	hold(showtimeId: ShowtimeId, seats: readonly string[], headers?: Record<string, string>): Promise<Answer>;
	confirm(bookingId: string, headers?: Record<string, string>): Promise<Answer>;
	cancel(bookingId: string, headers?: Record<string, string>): Promise<Answer>;
	show(bookingId: string): Promise<Answer>;
	map(showtimeId: ShowtimeId): Promise<Answer>;
};

export type TestStack = {
	readonly stack: Stack;
	readonly proof: Proof;
	readonly databaseUrl: string;
	buyers(count: number): Promise<Buyer[]>;
	/** A showtime of 10 x 10 seats on sale now. */
	showtime(): Promise<ShowtimeId>;
	/** The same, several of one plan. */
	showtimes(count: number, options?: Omit<ShowtimeOptions, "count">): Promise<ShowtimeId[]>;
	get(path: string): Promise<Answer>;
	/** What an app has logged so far. */
	readLog(app: "api" | "sweeper"): string;
	query(statement: string): Promise<Record<string, string | null>[]>;
	close(): Promise<void>;
};

/** Buyers of a storm ask without pause, and are to hear what the seats have to say. A person does not: `rates.ts` of the API. */
export const UNTHROTTLED = { USER_RATE: "1000000", USER_BURST: "1000000" } as const;

export async function openTestStack(environment: Record<string, string> = {}): Promise<TestStack> {
	const dataDir = makeScratchFolder();
	const removeData = () => rmSync(dataDir, { recursive: true, force: true });
	const stack = await startStack({ dataDir, skipSeed: true, environment: { LOG_LEVEL: "warn", ...UNTHROTTLED, ...environment } }).catch(
		(error) => {
			removeData();
			throw error;
		},
	);
	const { apiUrl, databaseUrl, redisUrl, jwtSecret } = stack.info;
	const proof = openProof({ redisUrl, databaseUrl });
	return {
		stack,
		proof,
		databaseUrl,
		buyers: (count) => insertBuyers({ databaseUrl, jwtSecret, count, server: () => apiUrl }),
		async showtime() {
			const [id] = (await insertShowtimes(databaseUrl)).showtimeIds;
			if (id === undefined) throw new Error("no showtime was inserted");
			return id;
		},
		showtimes: async (count, options) => (await insertShowtimes(databaseUrl, { ...options, count })).showtimeIds,
		get: (path) => ask(`${apiUrl}/api/v1${path}`, { method: "GET" }),
		readLog: (app) => readFileSync(join(dataDir, "logs", `${app}.log`), "utf8"),
		query: (statement) => queryPostgres(databaseUrl, statement),
		async close() {
			await proof.close();
			await stack.stop();
			removeData();
		},
	};
}

/** People with a token, who ask whichever API `server` names when they ask. */
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
	const send = (method: string, path: string, headers: Record<string, string> = {}, body?: unknown): Promise<Answer> =>
		ask(`${server()}/api/v1${path}`, {
			method,
			headers: { authorization: `Bearer ${token}`, ...(body === undefined ? {} : { "content-type": "application/json" }), ...headers },
			...(body === undefined ? {} : { body: JSON.stringify(body) }),
		});
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

/** Whoever has no answer by then asks again: longer than anything here may take to answer. */
const ANSWER_DEADLINE_MS = 15_000;

/** One request; an answer that is not JSON, a broken connection or none at all throws. */
async function ask(url: string, init: RequestInit): Promise<Answer> {
	const response = await fetch(url, { ...init, signal: AbortSignal.timeout(ANSWER_DEADLINE_MS) });
	const body: Record<string, unknown> = Object(await response.json());
	const { status, headers } = response;
	const code = typeof body.code === "string" ? body.code : null;
	return { status, code, body, etag: headers.get("etag"), retryAfter: headers.get("retry-after") };
}

const SEATS_PER_ROW = 10;

/** The label of a seat index in a hall of tens. */
export const labelOf = (seat: number): string =>
	`${String.fromCharCode("A".charCodeAt(0) + Math.floor(seat / SEATS_PER_ROW))}${(seat % SEATS_PER_ROW) + 1}`;

/** And back. */
export const seatOf = (label: string): number => (label.charCodeAt(0) - "A".charCodeAt(0)) * SEATS_PER_ROW + Number(label.slice(1)) - 1;

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
