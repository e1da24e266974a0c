/**
 * Which access tokens are refused before they expire: those of a family (somebody logged out, or a refresh token was used twice)
 * and those of a user (the account is being deleted). The list does not tell families from users: both are UUIDs.
 * Redis keeps the list while any of the tokens could still be valid; every process keeps a copy, so that a request asks
 * nobody. While a process cannot know whether its copy is whole, it asks Redis.
 */
import type { Redis } from "ioredis";
import { CALL_DEADLINE_MS } from "./call.ts";
import { DENIED_CHANNEL, DENIED_KEY } from "./keys.ts";
import type { Link, LinkLog } from "./link.ts";
import { readText } from "./reply.ts";
import { watchChannel } from "./watch-channel.ts";

export type DenyList = {
	/**
	 * Whether one of these, a token's family and its user, was denied: at once while this process hears of every denial (within a
	 * second of it), else as Redis answers. Rejects with `SeatStoreFault` when Redis has to be asked and does not answer.
	 */
	isDenied(...ids: readonly string[]): boolean | Promise<boolean>;
	/** Deny it until then (epoch ms): here from the return on, elsewhere within `DENIAL_HEARD_WITHIN_MS`. Safe to call twice. */
	deny(id: string, untilMs: number): Promise<void>;
	/**
	 * Take a denial back: here from the return on, elsewhere within `DENIAL_HEARD_WITHIN_MS`, except in a process that does not hear
	 * Redis at that moment: that one goes on refusing until the denial ends. Safe to call twice.
	 */
	allow(id: string): Promise<void>;
	close(): void;
};

export type DenyListOptions = {
	readonly url: string;
	/** Asks and writes; the list hears on a connection of its own. */
	readonly link: Link;
	readonly log: LinkLog;
	readonly prepare?: ((redis: Redis) => void) | undefined;
	readonly keptMax?: number | undefined;
};

/** A process that has not heard of a denial for this long asks Redis: a silent subscription is found out within 750 ms. */
export const DENIAL_HEARD_WITHIN_MS = 1_000;
/** Families and users kept in a process, about 150 bytes each: 100,000 people who log out within a quarter of an hour. Past it Redis is asked. */
const KEPT_MAX = 100_000;
const PRUNE_EVERY_MS = 30_000;
/** How far the clocks of two processes may be apart: what expired by one of them is kept this much longer. */
const CLOCK_SLACK_MS = 60_000;
/** The end of a denial that is taken back: it is over. */
const ALLOWED = 0;
/** A published denial: until when, and what. */
const DENIAL = /^(\d{1,15}) (\S+)$/;

export function createDenyList({ url, link, log, prepare, keptMax = KEPT_MAX }: DenyListOptions): DenyList {
	/** Until when each is denied, epoch ms. */
	const denied = new Map<string, number>();

	function keep(family: string, untilMs: number): void {
		if (denied.size >= keptMax) prune();
		if (denied.size < keptMax) denied.set(family, untilMs);
		else watch.restart();
	}

	function prune(): void {
		const nowMs = Date.now();
		for (const [family, untilMs] of denied) if (untilMs <= nowMs) denied.delete(family);
	}

	/** Adds to what is kept: a Redis that forgot a denial does not make this process forget it. */
	async function load(redis: Redis): Promise<void> {
		const rows = await redis.zrangebyscore(DENIED_KEY, Date.now(), "+inf", "WITHSCORES", "LIMIT", 0, keptMax + 1);
		if (rows.length / 2 > keptMax) throw new Error(`more than ${keptMax} families are denied`);
		for (let row = 0; row < rows.length; row += 2) keep(readText(rows[row]), Number(rows[row + 1]));
	}

	const watch = watchChannel({
		url,
		channel: DENIED_CHANNEL,
		log,
		prepare,
		load,
		onMessage(message) {
			const [, untilMs, family] = DENIAL.exec(message) ?? [];
			if (family !== undefined) keep(family, Number(untilMs));
		},
	});
	const pruning = setInterval(prune, PRUNE_EVERY_MS).unref();

	return {
		isDenied(...ids) {
			const nowMs = Date.now();
			if (ids.some((id) => (denied.get(id) ?? 0) > nowMs)) return true;
			if (watch.isLive()) return false;
			return link.run("read", CALL_DEADLINE_MS, async (redis) => {
				const ends = await redis.zmscore(DENIED_KEY, ...ids);
				return ends.some((untilMs) => Number(untilMs ?? 0) > Date.now());
			});
		},
		async deny(family, untilMs) {
			await link.run("write", CALL_DEADLINE_MS, (redis) =>
				Promise.all([
					redis.zadd(DENIED_KEY, untilMs, family),
					redis.zremrangebyscore(DENIED_KEY, "-inf", Date.now() - CLOCK_SLACK_MS),
					redis.pexpireat(DENIED_KEY, untilMs + CLOCK_SLACK_MS),
					redis.publish(DENIED_CHANNEL, `${untilMs} ${family}`),
				]),
			);
			// Not before: somebody whose denial was not taken must be able to ask for it again.
			keep(family, untilMs);
		},
		async allow(id) {
			await link.run("write", CALL_DEADLINE_MS, (redis) =>
				Promise.all([redis.zrem(DENIED_KEY, id), redis.publish(DENIED_CHANNEL, `${ALLOWED} ${id}`)]),
			);
			denied.delete(id);
		},
		close() {
			clearInterval(pruning);
			watch.close();
		},
	};
}
