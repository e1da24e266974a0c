/**
 * For tests of this room: everything that is wrong with the keys of a whole server. Each has the type and the lifetime that
 * docs/data.md gives it, and every map agrees with its owners. Returns every flaw as a sentence.
 */
import { DAY_MS, ENDED_HOLD_TTL_MS, LIMIT_SPECS, parseBookingId, parseShowtimeId, type ShowtimeId } from "@holdfast/domain";
import type { Redis } from "ioredis";
import { expect } from "vitest";
import { tagOf } from "../bucket-tags.ts";
import { bookingKey } from "../keys.ts";
import { findSeatViolations } from "./find-seat-violations.ts";
import type { TestStore } from "./open-test-store.ts";

/** What a PEXPIRE may be behind a clock that was read a moment before or after it. */
const SLACK_MS = 10_000;

const HOLD_LIFE_MAX_MS = LIMIT_SPECS.holdLifeMaxMs.max;

/** Lifetimes. A key without any is said to end at -1. */
type Life = (end: number, nowMs: number) => boolean;
const forGood: Life = (end) => end === -1;
const atMost =
	(lifeMs: number): Life =>
	(end, nowMs) =>
		end > nowMs - SLACK_MS && end <= nowMs + lifeMs + SLACK_MS;

const TAGS = new Set(Array.from({ length: 256 }, (_, bucket) => tagOf(bucket)));

/** What every test of a command ends with: nothing is wrong anywhere, and the next test finds the server empty. */
export async function expectNoFlaws(test: TestStore): Promise<void> {
	const flaws = await findKeyFlaws(test);
	await test.redis.flushall();
	expect(flaws).toEqual([]);
}

async function findKeyFlaws({ redis, store }: TestStore): Promise<string[]> {
	const flaws: string[] = [];
	const nowMs = await store.now(0);
	const showtimes = new Set<ShowtimeId>();
	for (const key of await redis.keys("*")) {
		const [type, end] = await Promise.all([redis.type(key), redis.pexpiretime(key)]);
		const expected = await expectedOf(redis, key);
		if (expected === null) flaws.push(`${key} is in no table`);
		else if (type !== expected.type) flaws.push(`${key} is a ${type}, not a ${expected.type}`);
		else if (end !== -2 && !expected.life(end, nowMs)) flaws.push(`${key} ends at ${end} (${end - nowMs} ms from now)`);
		const id = parseShowtimeId(/:st:([^:]+):map$/.exec(key)?.[1] ?? "");
		if (id !== null) showtimes.add(id);
	}
	for (const id of showtimes) for (const flaw of await findSeatViolations(store, id, null)) flaws.push(`${id}: ${flaw}`);
	return flaws;
}

async function expectedOf(redis: Redis, key: string): Promise<{ type: string; life: Life } | null> {
	const [place = "", name = "", ...rest] = key.split(":");
	if (!TAGS.has(place)) return null;
	switch (name) {
		case "plan":
			return { type: "string", life: forGood };
		case "st":
			return showtimeKey(redis, key, rest);
		case "ob":
			return { type: "stream", life: forGood };
		case "seq":
		case "timeline":
			return { type: "string", life: forGood };
		case "epochs":
			return { type: "hash", life: forGood };
		case "exp":
			return { type: "zset", life: forGood };
		case "u":
			return { type: "zset", life: await lifeOfIndex(redis, key) };
		case "idem":
			return { type: "string", life: await lifeOfKey(redis, key) };
		case "bk":
			return { type: "string", life: lifeOfRecord(JSON.parse((await redis.get(key)) ?? "{}")) };
		default:
			return null;
	}
}

async function showtimeKey(redis: Redis, key: string, [, part = "", staged]: string[]): Promise<{ type: string; life: Life } | null> {
	const types: Record<string, string> = { meta: "hash", owner: "hash", map: "string", exp: "zset", buyers: "hash" };
	const type = types[part];
	if (type === undefined) return null;
	if (staged === "staged") return { type, life: atMost(60_000) };
	const meta = await redis.hgetall(key.replace(/:[^:]+$/, ":meta"));
	// A meta that is nothing but a claim lives for a minute.
	if (meta.state === undefined) return { type, life: part === "meta" ? atMost(60_000) : () => true };
	const end = Number(meta.endsAt) + (part === "meta" ? DAY_MS : 2 * DAY_MS);
	return { type, life: (found) => found === end };
}

/** 30 days after the user's last booking there. */
async function lifeOfIndex(redis: Redis, key: string): Promise<Life> {
	const [, createdAt] = await redis.zrange(key, "-1", "-1", "WITHSCORES");
	return (end) => end === Number(createdAt) + 30 * DAY_MS;
}

/** An idempotency key ends with the record of its hold, and before a confirmed booking's. A test may have deleted the record. */
async function lifeOfKey(redis: Redis, key: string): Promise<Life> {
	const bookingId = parseBookingId(String(await redis.get(key)).split("|")[0] ?? "");
	const recordEnd = bookingId === null ? 0 : await redis.pexpiretime(bookingKey(bookingId));
	return (end, nowMs) => (recordEnd >= 0 ? end <= recordEnd : atMost(HOLD_LIFE_MAX_MS + ENDED_HOLD_TTL_MS)(end, nowMs));
}

/** Of a hold, released or not: an hour after its end. A rebuild that revokes a hold ends it sooner and leaves its record's end. */
function lifeOfRecord({ state, createdAt, expiresAt, confirmedAt, recorded }: Record<string, string>): Life {
	if (confirmedAt !== undefined) return recorded === "0" ? forGood : atMost(DAY_MS);
	// A conflict that the ledger found is kept for as long as what it has recorded.
	if (state === "CONFLICT") return atMost(DAY_MS);
	return (end) => end >= Number(expiresAt) + ENDED_HOLD_TTL_MS && end <= Number(createdAt) + HOLD_LIFE_MAX_MS + ENDED_HOLD_TTL_MS;
}
