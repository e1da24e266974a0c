/** Provokes the error responses that routes have in common: invalid bodies, and stores that are unreachable, paused or without tables. */
import { LIMIT_SPECS, parseBookingId, type ShowtimeId } from "@holdfast/domain";
import { createPasswords } from "@holdfast/runtime";
import { SeatStoreFault } from "@holdfast/seat-store";
import { bookingKey, showtimeKeys } from "@holdfast/seat-store/testing";
import { askRedis, waitUntil } from "@holdfast/testing";
import { expect } from "vitest";
import type { ProblemBody } from "../contract/problem-schema.ts";
import { problemIn, type TestAnswer } from "./read-answers.ts";
import type { TestApi, TestApp, TestAppOptions, TestCall } from "./start-test-api.ts";

/** The URL of a Postgres on a port where no server listens. */
export const UNREACHABLE_POSTGRES = "postgres://127.0.0.1:9/nothing";
/** The URL of a Redis on a port where no server listens. */
export const UNREACHABLE_REDIS = "redis://127.0.0.1:9";

/** Expects that the route refuses a query parameter. */
export async function expectNoQuery(app: TestApp, request: string, token?: string): Promise<void> {
	const problem = problemIn(await app.call(`${request}?limit=1`, { token }));
	expect([problem.code, problem.errors]).toEqual([
		"invalid_request",
		[{ pointer: "/query/limit", message: "is not a field of this request" }],
	]);
}

/** Returns the URL of a running Postgres database without any of our tables. */
export function databaseWithoutTables(api: TestApi): string {
	const url = new URL(api.databaseUrl);
	url.pathname = "/postgres";
	return url.href;
}

/** Returns an app on that database, so that its queries fail with an internal error. */
export const withoutTables = (api: TestApi, options: TestAppOptions = {}): Promise<TestApp> =>
	api.startAnother({ ...options, databaseUrl: databaseWithoutTables(api) });

/** Returns an app in which installing a showtime has an unknown outcome. */
export const withUnknownInstallOutcome = (api: TestApi): Promise<TestApp> =>
	api.startAnother({
		wrapStore: (store) => ({ ...store, installShowtime: () => Promise.reject(new SeatStoreFault("outcome_unknown", "silent")) }),
	});

/** Returns the problem that the route answers while Redis is paused. */
export async function whileRedisIsPaused(api: TestApi, app: TestApp, request: string, options: TestCall): Promise<ProblemBody> {
	api.redis.pause();
	try {
		return problemIn(await app.call(request, options));
	} finally {
		api.redis.resume();
	}
}

/**
 * Calls `run` while the password hashing queue is full. The two running hashes are slow, so that the queue behind them stays full during
 * the call. The queued hashes are fast.
 */
export async function whileHashingQueueIsFull<T>(run: () => Promise<T>): Promise<T> {
	const { verify } = createPasswords();
	const [slow, quick] = [passwordHashAtCost(17), passwordHashAtCost(10)];
	// A rejection only means that the queue is full already.
	const verifications = Array.from({ length: 66 }, (_, index) => verify("x", index < 2 ? slow : quick).catch(() => null));
	try {
		return await run();
	} finally {
		await Promise.all(verifications);
	}
}

/** A password hash of this cost that belongs to no user. */
function passwordHashAtCost(logN: number): string {
	const text = (length: number) => Buffer.alloc(length).toString("base64").replaceAll("=", "");
	return `$scrypt$ln=${logN},r=8,p=1$${text(16)}$${text(32)}`;
}

/** Returns the problem that `ask` gets when Postgres terminates its connection during a write to this table. */
export async function whileWritesLosePostgres(api: TestApi, table: string, ask: () => Promise<TestAnswer>): Promise<ProblemBody> {
	const terminateWhere = (condition: string) =>
		api.sqlAsOwner(`select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and ${condition}`);
	const locking = api.sqlAsOwner(`begin; lock table ${table} in exclusive mode; select pg_sleep(60)`).catch(() => {});
	await waitUntil("the table to be locked", async () => {
		const sleeping = await api.sqlAsOwner("select 1 from pg_stat_activity where datname = current_database() and wait_event = 'PgSleep'");
		return sleeping.length > 0;
	});
	const pending = ask();
	await waitUntil(
		"the write to wait for the lock and lose its connection",
		async () => (await terminateWhere("wait_event_type = 'Lock'")).length > 0,
	);
	const problem = problemIn(await pending);
	await terminateWhere("wait_event = 'PgSleep'");
	await locking;
	return problem;
}

/** Returns the Redis key of a booking's record, for an id from a response. */
export function recordKey(id: string): string {
	const bookingId = parseBookingId(id);
	if (bookingId === null) throw new Error(`${id} is not a booking id`);
	return bookingKey(bookingId);
}

/** Removes a showtime from Redis, but not its bookings. */
export const uninstall = (api: TestApi, showtimeId: ShowtimeId): Promise<string> =>
	askRedis(api.redis.port, "DEL", showtimeKeys(showtimeId).meta);

/** Moves a showtime into the past and removes it from Redis. */
export async function endShowtime(api: TestApi, showtimeId: ShowtimeId): Promise<void> {
	await uninstall(api, showtimeId);
	await api.sql(`update showtimes set sales_open_at = now() - interval '5 hours', sales_close_at = now() - interval '4 hours',
		starts_at = now() - interval '4 hours', ends_at = now() - interval '2 hours', occupied_until = now() - interval '2 hours' where id = '${showtimeId}'`);
}

/** Returns a confirmed, a cancelled and an expired booking, each of a showtime that has ended since. */
export async function bookingsOfThePast(api: TestApi) {
	const brief = await api.startAnother({ limits: { holdTtlMs: LIMIT_SPECS.holdTtlMs.min } });
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
