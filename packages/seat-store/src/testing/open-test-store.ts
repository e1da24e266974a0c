/** Test helpers for the seat store: a store with its own Redis server and a settable clock, and functions that inspect that server. */
import {
	type BookingEvent,
	type BookingId,
	DEFAULT_LIMITS,
	isBookingEvent,
	type Limits,
	type OpenShowtime,
	type OutboxEntry,
} from "@holdfast/domain";
import { buildShowtime, startTestRedis, type TestRedis } from "@holdfast/testing";
import { Redis } from "ioredis";
import { expect, inject } from "vitest";
import { createSeatStore } from "../create-seat-store.ts";
import { bookingKey, showtimeKeys } from "../keys.ts";
import type { SeatStore } from "../seat-store.ts";
import { injectClock } from "./inject-clock.ts";
import { installSnapshot } from "./install-snapshot.ts";
import { newReplies, type Replies, watchReplies } from "./watch-replies.ts";

/** A seat store with its own Redis server. */
export type TestStore = {
	readonly server: TestRedis;
	readonly store: SeatStore;
	/** A client of the same server, for direct commands. It uses the clock that `at` sets. */
	readonly redis: Redis;
	/** The statuses that each script has replied to the stores and the client of this test. */
	readonly replies: Replies;
	/** Opens another store on the same server, with some other limits. */
	withLimits(limits: Partial<Limits>): SeatStore;
	/** Installs a new showtime under epoch 1 and returns it. */
	openShowtime(overrides?: Partial<OpenShowtime>): Promise<OpenShowtime>;
	/** Runs `run` with the clock of the scripts set to `nowMs`, epoch ms. Returns its result. */
	at<T>(nowMs: number, run: () => Promise<T>): Promise<T>;
	stop(): Promise<void>;
};

/** Starts a Redis server and opens a seat store on it. The server is a one-node cluster if the test run asks for one (vitest.config.ts). */
export async function openTestStore(options: Parameters<typeof startTestRedis>[0] = {}): Promise<TestStore> {
	const server = await startTestRedis({ cluster: inject("redisIsCluster") === true, ...options });
	const replies = newReplies();
	let setClockMs: number | null = null;
	const prepareConnection = (client: Redis) => {
		injectClock(client, () => setClockMs);
		watchReplies(client, replies);
	};
	const stores: SeatStore[] = [];
	const withLimits = (limits: Partial<Limits>): SeatStore => {
		const opened = createSeatStore({ url: server.url, limits: { ...DEFAULT_LIMITS, ...limits }, prepareConnection });
		stores.push(opened);
		return opened;
	};
	const store = withLimits({});
	const redis = new Redis(server.url);
	// A test may stop the server; without a listener ioredis would print the lost connection.
	redis.on("error", () => {});
	prepareConnection(redis);
	return {
		server,
		store,
		redis,
		replies,
		withLimits,
		openShowtime: async (overrides = {}) => {
			const showtime = buildShowtime(overrides);
			await installSnapshot(store, { showtime });
			return showtime;
		},
		at: async (nowMs, run) => {
			setClockMs = nowMs;
			try {
				return await run();
			} finally {
				setClockMs = null;
			}
		},
		stop: async () => {
			redis.disconnect();
			await Promise.all(stores.map((opened) => opened.close()));
			await server.stop();
		},
	};
}

declare module "vitest" {
	interface ProvidedContext {
		redisIsCluster?: true;
	}
}

/** Returns the booking event of an outbox entry. Throws when there is no entry, or it carries another kind of event. */
export function bookingEventOf(entry: OutboxEntry | undefined): BookingEvent {
	if (!entry?.event || !isBookingEvent(entry.event)) throw new Error("the entry is not a booking event");
	return entry.event;
}

/** Returns all fields of a booking's record as stored in Redis, including `entry` and `idempotencyKey`. Empty when there is no record. */
export async function readRecord(redis: Redis, bookingId: BookingId): Promise<Record<string, string>> {
	return JSON.parse((await redis.get(bookingKey(bookingId))) ?? "{}");
}

/**
 * The number of writes that the server has made. A repeat of a command must make one, so that a WAIT for replicas has something to wait
 * for: WAIT covers only the writes of the connection that sends it.
 */
export async function countWrites(redis: Redis): Promise<number> {
	return Number(/rdb_changes_since_last_save:(\d+)/.exec(await redis.info("persistence"))?.[1]);
}

/** Returns the value and the expiry of every key, by key. */
export async function dumpAll(redis: Redis): Promise<Record<string, unknown>> {
	const keys = (await redis.keys("*")).sort();
	const contents = await Promise.all(keys.map(async (key) => [await readAny(redis, key), await redis.pexpiretime(key)]));
	return Object.fromEntries(keys.map((key, i) => [key, contents[i]]));
}

/** Reads a key of any type. Not with DUMP: it lists a hash in the order of its table, which changes when Redis resizes the table. */
async function readAny(redis: Redis, key: string): Promise<unknown> {
	const type = await redis.type(key);
	switch (type) {
		case "hash":
			return redis.hgetall(key);
		case "zset":
			return redis.zrange(key, "0", "-1", "WITHSCORES");
		case "stream":
			return redis.xrange(key, "-", "+");
		default:
			return redis.get(key);
	}
}

/** Runs `run` and fails if it changed any key or expiry in Redis. Returns the result of `run`. */
export async function expectUnchanged<T>({ redis }: Pick<TestStore, "redis">, run: () => Promise<T>): Promise<T> {
	const before = await dumpAll(redis);
	const result = await run();
	expect(await dumpAll(redis)).toEqual(before);
	return result;
}

/** Returns the messages published on the showtime's channel while `run` runs, in order. */
export async function publishedDuring(
	{ redis }: Pick<TestStore, "redis">,
	showtime: OpenShowtime,
	run: () => Promise<unknown>,
): Promise<string[]> {
	const channel = showtimeKeys(showtime.id).map;
	const watcher = redis.duplicate();
	const published: string[] = [];
	const ended = new Promise<void>((resolve) => {
		watcher.on("smessage", (_channel, message) => (String(message) === "end" ? resolve() : published.push(String(message))));
	});
	await watcher.ssubscribe(channel);
	await run();
	await redis.spublish(channel, "end");
	await ended;
	watcher.disconnect();
	return published;
}
