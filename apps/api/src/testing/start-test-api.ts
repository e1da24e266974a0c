/**
 * Starts the API for tests, on a Redis and a database of its own, with users, tokens and showtimes on sale. Every response is
 * checked against the API's own OpenAPI document.
 */
import { createDatabase, type Database } from "@holdfast/database";
import { DEFAULT_LIMITS, type Limits, SETTLE_LAG_SPEC, type ShowtimeId, type UserId } from "@holdfast/domain";
import { queryPostgres } from "@holdfast/local-stack";
import { ANSWER_TIMEOUT_SPEC, createLogger, createPasswords, type Logger, type Passwords } from "@holdfast/runtime";
import { type AckLevel, type AuthStore, createAuthStore, createSeatStore, type SeatStore } from "@holdfast/seat-store";
import {
	createTestDatabase,
	insertShowtimes,
	insertUsers,
	mintTokens,
	type ShowtimeOptions,
	startTestRedis,
	type TestRedis,
} from "@holdfast/testing";
import type { ApiServer } from "../api-server.ts";
import { IN_FLIGHT_SPEC, KEEP_ALIVE_SPEC, REQUEST_TIMEOUT_SPEC } from "../api-settings.ts";
import { buildApp } from "../app.ts";
import type { BookingBody } from "../contract/booking.ts";
import type { AppDeps } from "../deps.ts";
import { createDrain, type Drain } from "../health/drain.ts";
import { DEFAULT_RATES, type Rates } from "../rates.ts";
import { DEFAULT_WATCH_LIMITS, type WatchLimits } from "../showtimes/watch-limits.ts";
import { type ContractCheck, createContractCheck, type OpenapiDocument } from "./check-contract.ts";
import { bookingIn, type TestAnswer } from "./read-answers.ts";

/** Signs the access tokens of the test apps, unless a test sets another secret. */
export const JWT_SECRET = "a secret that only these tests know";

/** A hash takes a few milliseconds. With the real cost, 17, password hashing would be most of the CPU time of these tests. */
export const TEST_PASSWORD_LOG_N = 10;

/** What to send with a request. */
export type TestCall = { readonly token?: string | undefined; readonly body?: unknown; readonly headers?: Record<string, string> };
/** A user and a valid access token. */
export type TestUser = { readonly id: UserId; readonly token: string };

/** One app, with the stores of one API process. */
export type TestApp = {
	readonly app: ApiServer;
	readonly seatStore: SeatStore;
	readonly authStore: AuthStore;
	readonly database: Database;
	readonly drain: Drain;
	/** Sends a request such as `GET /movies`. Paths are below `/api/v1` unless they start with `//`. */
	call(request: string, options?: TestCall): Promise<TestAnswer>;
	/** Requests a hold of these seats and returns the response, whatever its status. */
	hold(user: TestUser, showtimeId: ShowtimeId, seats: readonly string[], headers?: Record<string, string>): Promise<TestAnswer>;
	/** Holds these seats and returns the booking. Throws if the hold is refused. */
	held(user: TestUser, showtimeId: ShowtimeId, seats: readonly string[]): Promise<BookingBody>;
	close(): Promise<void>;
};

/** The first app on its own stores, which creates further apps, users and showtimes. */
export type TestApi = TestApp & {
	readonly redis: TestRedis;
	readonly databaseUrl: string;
	/** As the owner of the tables. */
	readonly ownerUrl: string;
	/** Starts another app on the same Redis, with its own limits, logger or database. It is closed together with this one. */
	startAnother(options?: TestAppOptions): Promise<TestApp>;
	newUser(): Promise<TestUser>;
	newUsers(count: number): Promise<TestUser[]>;
	newAdmin(): Promise<TestUser>;
	newShowtime(options?: ShowtimeOptions): Promise<ShowtimeId>;
	/** Holds these seats of a new showtime for a new user, through `app` or this app. Throws if the hold is refused. */
	newHold(seats: readonly string[], app?: TestApp): Promise<NewHold>;
	/** Runs SQL, for changes that have no route. */
	sql(statement: string): Promise<Record<string, string | null>[]>;
	/** Runs SQL that the role of the application may not run. */
	sqlAsOwner(statement: string): Promise<Record<string, string | null>[]>;
};

/** A pending booking, its holder and its showtime. */
export type NewHold = { readonly user: TestUser; readonly showtimeId: ShowtimeId; readonly booking: BookingBody };

/** What differs from the default settings and stores. */
export type TestAppOptions = {
	readonly jwtSecret?: string;
	readonly limits?: Partial<Limits>;
	readonly watchLimits?: Partial<WatchLimits>;
	/** Time that a client has to send a whole request, ms. */
	readonly requestTimeoutMs?: number;
	/** A connection is dropped when its client reads nothing of a pending response for this long, ms. */
	readonly answerTimeoutMs?: number;
	readonly inFlightMax?: number;
	readonly settleLagMaxMs?: number;
	readonly ackLevel?: AckLevel;
	readonly rates?: Partial<Rates>;
	readonly corsOrigins?: readonly string[];
	readonly trustProxy?: readonly string[];
	readonly logger?: Logger;
	/** Default: hashes of the cost `TEST_PASSWORD_LOG_N`. */
	readonly passwords?: Passwords;
	/** How long the deletion of an account waits for other processes. When absent: 0; undefined: as long as in production. */
	readonly denialWaitMs?: number | undefined;
	readonly databaseUrl?: string;
	readonly redisUrl?: string;
	/** Wraps the seat store, to change its behaviour or to pause it at an exact moment. */
	readonly wrapStore?: (seatStore: SeatStore) => SeatStore;
	readonly wrapAuthStore?: (authStore: AuthStore) => AuthStore;
	/** Called before the app is ready, for instance to add a route. */
	readonly prepareApp?: (app: ApiServer) => void;
};

/** Starts Redis, a database and the first app. The caller must call `close`. */
export async function startTestApi(options: TestAppOptions = {}): Promise<TestApi> {
	const [redis, testDatabase] = await Promise.all([startTestRedis(), createTestDatabase()]);
	const databaseUrl = options.databaseUrl ?? testDatabase.url;
	const first = await startTestApp(redis.url, databaseUrl, options);
	const others: TestApp[] = [];

	async function newUsers(count: number): Promise<TestUser[]> {
		const ids = await insertUsers(databaseUrl, count);
		const tokens = mintTokens(JWT_SECRET, ids);
		return ids.map((id, index) => ({ id, token: tokens[index] ?? "" }));
	}

	const newUser = async () => firstOf(await newUsers(1));

	async function newAdmin(): Promise<TestUser> {
		const { id } = await newUser();
		await queryPostgres(databaseUrl, `update users set role = 'admin' where id = '${id}'`);
		return { id, token: firstOf(mintTokens(JWT_SECRET, [id], "admin")) };
	}
	const newShowtime: TestApi["newShowtime"] = async (own) => firstOf((await insertShowtimes(databaseUrl, own)).showtimeIds);

	return {
		...first,
		redis,
		databaseUrl,
		ownerUrl: testDatabase.ownerUrl,
		newUsers,
		async startAnother(otherOptions = {}) {
			const other = await startTestApp(otherOptions.redisUrl ?? redis.url, otherOptions.databaseUrl ?? databaseUrl, otherOptions);
			others.push(other);
			return other;
		},
		newUser,
		newAdmin,
		newShowtime,
		async newHold(seats, app = first) {
			const [user, showtimeId] = [await newUser(), await newShowtime()];
			return { user, showtimeId, booking: await app.held(user, showtimeId, seats) };
		},
		sql: (statement) => queryPostgres(databaseUrl, statement),
		sqlAsOwner: (statement) => queryPostgres(testDatabase.ownerUrl, statement),
		async close() {
			await Promise.all([first, ...others].map((app) => app.close()));
			await Promise.all([redis.stop(), testDatabase.drop()]);
		},
	};
}

async function startTestApp(redisUrl: string, databaseUrl: string, options: TestAppOptions): Promise<TestApp> {
	const limits = { ...DEFAULT_LIMITS, ...options.limits };
	const seatStore = createSeatStore({ url: redisUrl, limits, ackLevel: options.ackLevel, probesWrites: true });
	const authStore = createAuthStore({ url: redisUrl });
	const database = createDatabase({ url: databaseUrl });
	const deps: AppDeps = {
		settings: {
			jwtSecret: options.jwtSecret ?? JWT_SECRET,
			limits,
			quarantineMs: null,
			requestTimeoutMs: options.requestTimeoutMs ?? REQUEST_TIMEOUT_SPEC.default,
			answerTimeoutMs: options.answerTimeoutMs ?? ANSWER_TIMEOUT_SPEC.default,
			inFlightMax: options.inFlightMax ?? IN_FLIGHT_SPEC.default,
			keepAliveMs: KEEP_ALIVE_SPEC.default,
			settleLagMaxMs: options.settleLagMaxMs ?? SETTLE_LAG_SPEC.default,
			watchLimits: { ...DEFAULT_WATCH_LIMITS, ...options.watchLimits },
			rates: { ...DEFAULT_RATES, ...options.rates },
			corsOrigins: options.corsOrigins ?? [],
			trustProxy: options.trustProxy ?? [],
		},
		logger: options.logger ?? createLogger("api", "silent"),
		seatStore: options.wrapStore?.(seatStore) ?? seatStore,
		authStore: options.wrapAuthStore?.(authStore) ?? authStore,
		database,
		passwords: options.passwords ?? createPasswords({ logN: TEST_PASSWORD_LOG_N }),
		drain: createDrain(),
		denialWaitMs: "denialWaitMs" in options ? options.denialWaitMs : 0,
	};
	const app = buildApp(deps);
	options.prepareApp?.(app);
	await app.ready();
	const check = createContractCheck(documentOf(app));

	const call: TestApp["call"] = async (request, callOptions = {}) => send(app, check, request, callOptions);
	const hold: TestApp["hold"] = (user, showtimeId, seats, headers = {}) =>
		call("POST /bookings", { token: user.token, body: { showtimeId, seats }, headers });
	return {
		app,
		seatStore,
		authStore,
		database,
		drain: deps.drain,
		call,
		hold,
		async held(user, showtimeId, seats) {
			return bookingIn(await hold(user, showtimeId, seats));
		},
		async close() {
			await app.close();
			authStore.close();
			await Promise.all([seatStore.close(), database.close()]);
		},
	};
}

async function send(app: ApiServer, check: ContractCheck, request: string, { token, body, headers = {} }: TestCall): Promise<TestAnswer> {
	const [method = "", target = ""] = request.split(" ");
	const url = target.startsWith("//") ? target.slice(1) : `/api/v1${target}`;
	const response = await app.inject({
		method: parseMethod(method),
		url,
		headers: {
			...(token !== undefined && { authorization: `Bearer ${token}` }),
			...(body !== undefined && { "content-type": "application/json" }),
			...headers,
		},
		...(body !== undefined && { payload: typeof body === "string" ? body : JSON.stringify(body) }),
	});
	const mediaType = String(response.headers["content-type"] ?? "");
	const [isJson, isCsv] = [mediaType.includes("json"), mediaType.startsWith("text/csv")];
	const answer: TestAnswer = {
		status: response.statusCode,
		headers: Object.fromEntries(Object.entries(response.headers).map(([name, value]) => [name, String(value)])),
		body: isCsv ? response.payload : isJson && response.payload !== "" ? response.json() : null,
	};
	check({ method, path: url, ...answer });
	return answer;
}

function parseMethod(method: string): "GET" | "POST" | "PUT" | "DELETE" | "HEAD" {
	switch (method) {
		case "GET":
		case "POST":
		case "PUT":
		case "DELETE":
		case "HEAD":
			return method;
		default:
			throw new Error(`unsupported method ${method}`);
	}
}

/** The OpenAPI document as it is served. */
const documentOf = (app: ApiServer): OpenapiDocument => JSON.parse(JSON.stringify(app.swagger())) as OpenapiDocument;

function firstOf<Item>(items: readonly Item[]): Item {
	const [first] = items;
	if (first === undefined) throw new Error("expected at least one item, got none");
	return first;
}
