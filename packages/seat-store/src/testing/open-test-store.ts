/** For tests of this room: a seat store on a Redis of its own, with one showtime on sale. */
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

export type TestStore = {
	readonly server: TestRedis;
	readonly store: SeatStore;
	readonly redis: Redis;
	/** What every script has replied to the stores of this test. */
	readonly replies: Replies;
	/** Another store on the same Redis, under other limits. */
	withLimits(limits: Partial<Limits>): SeatStore;
	/** A new showtime, installed. */
	openShowtime(overrides?: Partial<OpenShowtime>): Promise<OpenShowtime>;
	/** Run this at another instant than the server's, epoch ms. */
	at<T>(nowMs: number, run: () => Promise<T>): Promise<T>;
	stop(): Promise<void>;
};

/** On a cluster of one node where the run says so (vitest.config.ts), on a plain server else. */
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
	// A test that ends the server knows.
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

/** The booking event of an entry. */
export function bookingEventOf(entry: OutboxEntry | undefined): BookingEvent {
	if (!entry?.event || !isBookingEvent(entry.event)) throw new Error("the entry is not a booking event");
	return entry.event;
}

/** The fields of a booking's record as they are in Redis, `entry` and `idempotencyKey` among them. */
export async function readRecord(redis: Redis, bookingId: BookingId): Promise<Record<string, string>> {
	return JSON.parse((await redis.get(bookingKey(bookingId))) ?? "{}");
}

/** How many writes the server has made. A repeat must make one: WAIT covers only what its connection has written. */
export async function countWrites(redis: Redis): Promise<number> {
	return Number(/rdb_changes_since_last_save:(\d+)/.exec(await redis.info("persistence"))?.[1]);
}

/** Everything in Redis: what each key holds, and until when. What a refusal must leave as it was. */
export async function dumpAll(redis: Redis): Promise<Record<string, unknown>> {
	const keys = (await redis.keys("*")).sort();
	const contents = await Promise.all(keys.map(async (key) => [await readAny(redis, key), await redis.pexpiretime(key)]));
	return Object.fromEntries(keys.map((key, i) => [key, contents[i]]));
}

/** Not DUMP: it gives a hash in the order of its table, which is another whenever Redis has resized it. */
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

/** Run what must change nothing, and give what it answered. */
export async function unchanged<T>({ redis }: Pick<TestStore, "redis">, run: () => Promise<T>): Promise<T> {
	const before = await dumpAll(redis);
	const answer = await run();
	expect(await dumpAll(redis)).toEqual(before);
	return answer;
}

/** Messages published about the showtime's map while `run` runs, in order. */
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
