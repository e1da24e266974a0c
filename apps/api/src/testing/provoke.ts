/** Brings about, for any route, what each of them declares: bodies that are no bodies, stores that are gone or not ours. */
import { LIMIT_SPECS, parseBookingId, type ShowtimeId } from "@holdfast/domain";
import { verifyPassword } from "@holdfast/runtime";
import { SeatStoreFault } from "@holdfast/seat-store";
import { bookingKey, showtimeKeys } from "@holdfast/seat-store/testing";
import { askRedis, waitUntil } from "@holdfast/testing";
import { expect } from "vitest";
import type { ProblemBody } from "../contract/problem-schema.ts";
import { problemIn, type TestAnswer } from "./read-answers.ts";
import type { TestApi, TestApp, TestCall } from "./start-test-api.ts";

/** Nobody listens there. */
export const NOWHERE = "postgres://127.0.0.1:9/nothing";
const BODY_MAX_BYTES = 16 * 1024;

/** The route refuses a body of one byte more than it may have, and reads one of just as many. */
export async function expectBodyBound(app: TestApp, request: string, token?: string): Promise<void> {
	const of = async (bytes: number) =>
		problemIn(await app.call(request, { token, body: JSON.stringify({ x: "x".repeat(bytes - 8) }) })).code;
	expect([await of(BODY_MAX_BYTES + 1), await of(BODY_MAX_BYTES)]).toEqual(["payload_too_large", "invalid_request"]);
}

/** The route takes no query, and says so. */
export async function expectNoQuery(app: TestApp, request: string, token?: string): Promise<void> {
	const problem = problemIn(await app.call(`${request}?limit=1`, { token }));
	expect([problem.code, problem.errors]).toEqual([
		"invalid_request",
		[{ pointer: "/query/limit", message: "is not a field of this request" }],
	]);
}

/** The route reads JSON and nothing else. */
export async function expectJsonOnly(app: TestApp, request: string, token?: string): Promise<void> {
	const headers = { "content-type": "application/x-www-form-urlencoded" };
	expect(problemIn(await app.call(request, { token, headers, body: "email=ada" })).code).toBe("unsupported_media_type");
}

/** A Postgres that is there and has none of our tables. */
export function databaseWithoutTables(api: TestApi): string {
	const url = new URL(api.databaseUrl);
	url.pathname = "/postgres";
	return url.href;
}

/** An app on that: what a fault of ours looks like. */
export const withoutTables = (api: TestApi): Promise<TestApp> => api.another({ databaseUrl: databaseWithoutTables(api) });

/** An app whose Redis does not say whether it has installed a showtime. */
export const withoutInstalling = (api: TestApi): Promise<TestApp> =>
	api.another({
		wrapStore: (store) => ({ ...store, installShowtime: () => Promise.reject(new SeatStoreFault("outcome_unknown", "silent")) }),
	});

/** What the route answers while Redis stands still. */
export async function whileSilent(api: TestApi, app: TestApp, request: string, options: TestCall): Promise<ProblemBody> {
	api.redis.pause();
	try {
		return problemIn(await app.call(request, options));
	} finally {
		api.redis.resume();
	}
}

/**
 * Run this while as many passwords are being hashed and wait for it as may. The two at work take their time, so that the
 * line behind them stays as long as it is; those who wait are soon done.
 */
export async function whileHashing<T>(run: () => Promise<T>): Promise<T> {
	const [slow, quick] = [storedAt(17), storedAt(10)];
	// Whoever finds no place is not needed: it is full then.
	const crowd = Array.from({ length: 66 }, (_, place) => verifyPassword("x", place < 2 ? slow : quick).catch(() => null));
	try {
		return await run();
	} finally {
		await Promise.all(crowd);
	}
}

/** A stored password of that cost; nobody's. */
function storedAt(logN: number): string {
	const text = (length: number) => Buffer.alloc(length).toString("base64").replaceAll("=", "");
	return `$scrypt$ln=${logN},r=8,p=1$${text(16)}$${text(32)}`;
}

/** The route answers a user's first request, and refuses the second where one at a time is the limit. */
export async function expectUserLimit(api: TestApi, request: string, body?: unknown): Promise<void> {
	const strict = await api.another({ rates: { userBurst: 1, userRate: 1 } });
	const { token } = await api.newUser();
	const ask = () => strict.call(request, { token, ...(body !== undefined && { body }) });
	expect((await ask()).status).not.toBe(429);
	const refused = await ask();
	expect([problemIn(refused).code, refused.headers["retry-after"]]).toEqual(["too_many_requests", "1"]);
}

/** What is answered when Postgres ends the connection in the middle of a write to this table. */
export async function whileWritesBreak(api: TestApi, table: string, ask: () => Promise<TestAnswer>): Promise<ProblemBody> {
	const end = (wait: string) =>
		api.sql(`select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and ${wait}`);
	const locking = api.sql(`begin; lock table ${table} in exclusive mode; select pg_sleep(60)`).catch(() => {});
	await waitUntil("the table to be locked", async () => {
		const sleeping = await api.sql("select 1 from pg_stat_activity where datname = current_database() and wait_event = 'PgSleep'");
		return sleeping.length > 0;
	});
	const asking = ask();
	await waitUntil("the write to wait, and end with its connection", async () => (await end("wait_event_type = 'Lock'")).length > 0);
	const problem = problemIn(await asking);
	await end("wait_event = 'PgSleep'");
	await locking;
	return problem;
}

/** Where Redis keeps the record of a booking that an answer showed. */
export function recordKey(id: string): string {
	const bookingId = parseBookingId(id);
	if (bookingId === null) throw new Error(`${id} is not the id of a booking`);
	return bookingKey(bookingId);
}

/** Redis has never heard of the showtime; its bookings it has. */
export const uninstall = (api: TestApi, showtimeId: ShowtimeId): Promise<string> =>
	askRedis(api.redis.port, "DEL", showtimeKeys(showtimeId).meta);

/** It took place, and is not installed any more. */
export async function endShowtime(api: TestApi, showtimeId: ShowtimeId): Promise<void> {
	await uninstall(api, showtimeId);
	await api.sql(`update showtimes set sales_open_at = now() - interval '5 hours', sales_close_at = now() - interval '4 hours',
		starts_at = now() - interval '4 hours', ends_at = now() - interval '2 hours' where id = '${showtimeId}'`);
}

/** A confirmed, a cancelled and an expired booking, each of a showtime that took place since. */
export async function bookingsOfThePast(api: TestApi) {
	const brief = await api.another({ limits: { holdTtlMs: LIMIT_SPECS.holdTtlMs.min } });
	const hold = async (app: TestApp) => {
		const [user, showtimeId] = [await api.newUser(), await api.newShowtime()];
		return { ...(await app.held(user, showtimeId, ["A1"])), user, showtimeId };
	};
	const [confirmed, cancelled, expired] = [await hold(api), await hold(api), await hold(brief)];
	await api.call(`POST /bookings/${confirmed.id}/confirm`, { token: confirmed.user.token });
	await api.call(`DELETE /bookings/${cancelled.id}`, { token: cancelled.user.token });
	await waitUntil("the hold to expire", () => Date.now() > Date.parse(expired.expiresAt));
	for (const { showtimeId } of [confirmed, cancelled, expired]) await endShowtime(api, showtimeId);
	return { confirmed, cancelled, expired };
}
