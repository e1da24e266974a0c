/**
 * One of the two copies of the deny list: a sorted set and a channel in one bucket of Redis, and the cache of the two in this
 * process. Both copies contain every acknowledged denial.
 */
import type { Redis } from "ioredis";
import { CALL_DEADLINE_MS } from "./call.ts";
import { createPingedRoleCheck } from "./check-role.ts";
import { KeptConnection, type LinkLog, type Probe } from "./keep-connected.ts";
import { type DENIED_BUCKETS, deniedKeys } from "./keys.ts";
import type { Link } from "./link.ts";
import { atBucket } from "./place.ts";
import { readText } from "./reply.ts";

/** One copy of the deny list, with its cache in this process. */
export type DeniedCopy = {
	/** Whether the cache says that one of these ids is denied now. */
	knows(ids: readonly string[]): boolean;
	/** Whether the cache contains every denial that was published up to 750 ms ago: the interval and the deadline of a heartbeat. */
	isLive(): boolean;
	/** Asks Redis whether one of these ids is denied. Rejects with `SeatStoreFault`, as other calls do. */
	ask(ids: readonly string[]): Promise<boolean>;
	/** Writes the denial to Redis and publishes it. */
	deny(id: string, untilMs: number): Promise<unknown>;
	/** Deletes the denial from Redis and publishes the deletion. */
	allow(id: string): Promise<unknown>;
	/** Adds a denial to the cache. `ALLOWED` as `untilMs` removes it. */
	keep(id: string, untilMs: number): void;
	/** Ends the subscription. Safe to call twice. */
	close(): void;
};

/** Where a copy lies, and how this process reaches it. */
export type DeniedCopyOptions = {
	readonly bucket: (typeof DENIED_BUCKETS)[number];
	readonly url: string;
	/** For queries and writes. The copy subscribes on a separate connection. */
	readonly link: Link;
	readonly log: LinkLog;
	readonly prepare?: ((redis: Redis) => void) | undefined;
	readonly keptMax?: number | undefined;
};

/**
 * Maximum number of families and users in a cache, about 150 bytes each: enough for 100,000 people who log out within a quarter
 * of an hour. With more, every check asks Redis.
 */
const KEPT_MAX = 100_000;
const PRUNE_EVERY_MS = 30_000;
/** Largest expected difference between the clocks of two processes. Expired denials stay in Redis for this much longer. */
const CLOCK_SLACK_MS = 60_000;
/** The `untilMs` of a denial that was taken back: it has already expired. */
export const ALLOWED = 0;
/** A published denial: its end in epoch ms, and the denied id. */
const DENIAL = /^(\d{1,15}) (\S+)$/;
/** A channel without messages looks like a dead connection. The heartbeat detects a silent connection within a second. */
const HEARTBEAT: Probe = { everyMs: 250, deadlineMs: 500, isStrict: true };
/** From the first byte until the copy is subscribed and the list is loaded. */
const READY_WITHIN_MS = 2_000;

/** Creates a copy. Returns at once; connects, subscribes and loads in the background. */
export function createDeniedCopy({ bucket, url, link, log, prepare, keptMax = KEPT_MAX }: DeniedCopyOptions): DeniedCopy {
	const { list, channel } = deniedKeys(bucket);
	const place = atBucket(bucket);
	/** When the denial of each id ends, epoch ms. */
	const denied = new Map<string, number>();

	function keep(id: string, untilMs: number): void {
		if (untilMs <= Date.now()) denied.delete(id);
		else if (denied.size < keptMax || prune() < keptMax) denied.set(id, untilMs);
		else connection.restart();
	}

	function prune(): number {
		const nowMs = Date.now();
		for (const [id, untilMs] of denied) if (untilMs <= nowMs) denied.delete(id);
		return denied.size;
	}

	/** Subscribes before loading, so that no denial is missed. A denial that is published in between is applied twice. */
	async function onConnected(redis: Redis): Promise<void> {
		redis.on("message", (_channel, message) => {
			const [, untilMs, id] = DENIAL.exec(String(message)) ?? [];
			if (id !== undefined) keep(id, Number(untilMs));
		});
		await redis.subscribe(channel);
		// Only adds to the cache: this process still enforces a denial that Redis has lost.
		for (const [id, untilMs] of await loadDenials(redis, list, keptMax)) keep(id, untilMs);
	}

	const connection = new KeptConnection({
		...{ url, log, prepare, onConnected },
		use: `denials on ${channel}`,
		inspect: createPingedRoleCheck(),
		readyWithinMs: READY_WITHIN_MS,
		probe: HEARTBEAT,
	});
	const pruning = setInterval(prune, PRUNE_EVERY_MS).unref();

	return {
		knows(ids) {
			const nowMs = Date.now();
			return ids.some((id) => (denied.get(id) ?? 0) > nowMs);
		},
		isLive: () => connection.current !== null,
		ask: (ids) =>
			link.run(place, "read", CALL_DEADLINE_MS, async (redis) => {
				const ends = await redis.zmscore(list, ...ids);
				return ends.some((untilMs) => Number(untilMs ?? 0) > Date.now());
			}),
		deny: (id, untilMs) =>
			link.run(place, "write", CALL_DEADLINE_MS, (redis) =>
				Promise.all([
					redis.zadd(list, untilMs, id),
					redis.zremrangebyscore(list, "-inf", Date.now() - CLOCK_SLACK_MS),
					redis.pexpireat(list, untilMs + CLOCK_SLACK_MS),
					redis.publish(channel, `${untilMs} ${id}`),
				]),
			),
		allow: (id) =>
			link.run(place, "write", CALL_DEADLINE_MS, (redis) =>
				Promise.all([redis.zrem(list, id), redis.publish(channel, `${ALLOWED} ${id}`)]),
			),
		keep,
		close() {
			clearInterval(pruning);
			connection.close();
		},
	};
}

/** Returns all current denials of the list. Rejects when there are more than `keptMax`. */
async function loadDenials(redis: Redis, list: string, keptMax: number): Promise<[id: string, untilMs: number][]> {
	const rows = await redis.zrangebyscore(list, Date.now(), "+inf", "WITHSCORES", "LIMIT", 0, keptMax + 1);
	if (rows.length / 2 > keptMax) throw new Error(`more than ${keptMax} ids are denied`);
	return Array.from({ length: rows.length / 2 }, (_, row) => [readText(rows[2 * row]), Number(rows[2 * row + 1])]);
}
