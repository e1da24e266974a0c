/**
 * One of the two copies of the deny list: a set and a channel in one bucket of Redis, and what this process heard of them. Every denial
 * that was acknowledged is in both copies.
 */
import type { Redis } from "ioredis";
import { CALL_DEADLINE_MS } from "./call.ts";
import { createPingedRoleCheck } from "./check-role.ts";
import { KeptConnection, type LinkLog, type Probe } from "./keep-connected.ts";
import { type DENIED_BUCKETS, deniedKeys } from "./keys.ts";
import type { Link } from "./link.ts";
import { atBucket } from "./place.ts";
import { readText } from "./reply.ts";

export type DeniedCopy = {
	/** Whether this process knows that one of these is denied now. */
	knows(ids: readonly string[]): boolean;
	/** Whether this process heard everything that was published up to 750 ms ago: from the last answered beat to the end of the next one. */
	isLive(): boolean;
	/** Whether Redis has one of these as denied. Rejects with `SeatStoreFault`, as the other calls do. */
	ask(ids: readonly string[]): Promise<boolean>;
	/** Writes the denial to Redis and publishes it. */
	deny(id: string, untilMs: number): Promise<unknown>;
	/** Deletes the denial from Redis and publishes that it is over. */
	allow(id: string): Promise<unknown>;
	/** Adds what this process knows; `ALLOWED` for a denial that was taken back. */
	keep(id: string, untilMs: number): void;
	close(): void;
};

export type DeniedCopyOptions = {
	readonly bucket: (typeof DENIED_BUCKETS)[number];
	readonly url: string;
	/** Asks and writes; the copy hears on a connection of its own. */
	readonly link: Link;
	readonly log: LinkLog;
	readonly prepare?: ((redis: Redis) => void) | undefined;
	readonly keptMax?: number | undefined;
};

/** Families and users kept in a process, about 150 bytes each: 100,000 people who log out within a quarter of an hour. Past it Redis is asked. */
const KEPT_MAX = 100_000;
const PRUNE_EVERY_MS = 30_000;
/** How far the clocks of two processes may be apart: what expired by one of them is kept this much longer. */
const CLOCK_SLACK_MS = 60_000;
/** The end of a denial that is taken back: it is over. */
export const ALLOWED = 0;
/** A published denial: until when, and what. */
const DENIAL = /^(\d{1,15}) (\S+)$/;
/** Nothing published looks just like nothing arriving: a heartbeat finds a silent connection within a second. */
const BEAT: Probe = { everyMs: 250, deadlineMs: 500, isStrict: true };
/** From the first byte until it is subscribed and caught up. */
const READY_WITHIN_MS = 2_000;

export function createDeniedCopy({ bucket, url, link, log, prepare, keptMax = KEPT_MAX }: DeniedCopyOptions): DeniedCopy {
	const { list, channel } = deniedKeys(bucket);
	const place = atBucket(bucket);
	/** Until when each is denied, epoch ms. */
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

	/** Subscribes first and loads after: what is published in between comes twice and is never missed. */
	async function onConnected(redis: Redis): Promise<void> {
		redis.on("message", (_channel, message) => {
			const [, untilMs, id] = DENIAL.exec(String(message)) ?? [];
			if (id !== undefined) keep(id, Number(untilMs));
		});
		await redis.subscribe(channel);
		// Adds to what is kept: a Redis that forgot a denial does not make this process forget it.
		for (const [id, untilMs] of await loadDenials(redis, list, keptMax)) keep(id, untilMs);
	}

	const connection = new KeptConnection({
		...{ url, log, prepare, onConnected },
		use: `denials on ${channel}`,
		inspect: createPingedRoleCheck(),
		readyWithinMs: READY_WITHIN_MS,
		probe: BEAT,
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

/** Everything that the list denies now. Rejects where that is more than `keptMax`. */
async function loadDenials(redis: Redis, list: string, keptMax: number): Promise<[id: string, untilMs: number][]> {
	const rows = await redis.zrangebyscore(list, Date.now(), "+inf", "WITHSCORES", "LIMIT", 0, keptMax + 1);
	if (rows.length / 2 > keptMax) throw new Error(`more than ${keptMax} families are denied`);
	return Array.from({ length: rows.length / 2 }, (_, row) => [readText(rows[2 * row]), Number(rows[2 * row + 1])]);
}
