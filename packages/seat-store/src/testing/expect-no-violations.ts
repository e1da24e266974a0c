/**
 * Checks every key of a test's Redis server: its type and expiry must be those in docs/data.md, and every seat map must agree with its
 * owner entries. The keys of a showtime whose meta has no end may have any expiry.
 */
import { DAY_MS, ENDED_HOLD_TTL_MS, LIMIT_SPECS, parseBookingId, parseShowtimeId, type ShowtimeId } from "@holdfast/domain";
import type { Redis } from "ioredis";
import { expect } from "vitest";
import { tagOf } from "../bucket-tags.ts";
import { bookingKey } from "../keys.ts";
import { findSeatViolations } from "./find-seat-violations.ts";
import type { TestStore } from "./open-test-store.ts";

/** Tolerance, because time passes between the moment when Redis sets an expiry and the moment when this check reads the clock. */
const SLACK_MS = 10_000;

const HOLD_LIFE_MAX_MS = LIMIT_SPECS.holdLifeMaxMs.max;

/** Whether a key's expiry (epoch ms) is allowed. PEXPIRETIME replies -1 for a key without expiry. */
type ExpiryCheck = (expiresAt: number, nowMs: number) => boolean;
const noExpiry: ExpiryCheck = (expiresAt) => expiresAt === -1;
const within =
	(lifetimeMs: number): ExpiryCheck =>
	(expiresAt, nowMs) =>
		expiresAt > nowMs - SLACK_MS && expiresAt <= nowMs + lifetimeMs + SLACK_MS;

type Expectation = {
	readonly type: string;
	readonly mayExpireAt: ExpiryCheck;
	/** What is wrong with the value of the key; absent if the value is right or not checked. */
	readonly valueViolation?: string;
};

const TAGS = new Set(Array.from({ length: 256 }, (_, bucket) => tagOf(bucket)));

/**
 * Empties the server, then fails if any key was wrong, with one sentence per violation. Call it after each test of a seat store command.
 */
export async function expectNoViolations(test: TestStore): Promise<void> {
	const violations = await findKeyViolations(test);
	await test.redis.flushall();
	expect(violations).toEqual([]);
}

async function findKeyViolations({ redis, store }: TestStore): Promise<string[]> {
	const violations: string[] = [];
	const nowMs = await store.now(0);
	const showtimes = new Set<ShowtimeId>();
	for (const key of await redis.keys("*")) {
		const [type, expiresAt] = await Promise.all([redis.type(key), redis.pexpiretime(key)]);
		const expected = await expectationOf(redis, key);
		if (expected === null) violations.push(`${key} is not a key of docs/data.md`);
		else if (type !== expected.type) violations.push(`${key} is a ${type}, not a ${expected.type}`);
		// PEXPIRETIME replies -2 for a key that has expired since it was listed.
		else if (expiresAt !== -2 && !expected.mayExpireAt(expiresAt, nowMs))
			violations.push(
				expiresAt === -1 ? `${key} has no expiry` : `${key} has the wrong expiry ${expiresAt} (${expiresAt - nowMs} ms from now)`,
			);
		if (expected?.valueViolation !== undefined) violations.push(`${key} has ${expected.valueViolation}`);
		const id = parseShowtimeId(/:st:([^:]+):map$/.exec(key)?.[1] ?? "");
		if (id !== null) showtimes.add(id);
	}
	for (const id of showtimes) for (const violation of await findSeatViolations(store, id, null)) violations.push(`${id}: ${violation}`);
	return violations;
}

/** What docs/data.md says about the key; null when it has no such key. */
async function expectationOf(redis: Redis, key: string): Promise<Expectation | null> {
	const [tag = "", name = "", ...rest] = key.split(":");
	if (!TAGS.has(tag)) return null;
	switch (name) {
		case "plan":
			return { type: "string", mayExpireAt: noExpiry };
		case "st":
			return expectationOfShowtimeKey(redis, key, rest);
		case "ob":
			return { type: "stream", mayExpireAt: noExpiry };
		case "seq":
		case "timeline":
			return { type: "string", mayExpireAt: noExpiry };
		case "epochs":
			return { type: "hash", mayExpireAt: noExpiry };
		case "exp":
			return { type: "zset", mayExpireAt: noExpiry };
		case "u":
			return { type: "zset", mayExpireAt: await expiryOfIndex(redis, key) };
		case "idem":
			return expectationOfIdempotencyKey(redis, key);
		case "bk":
			return { type: "string", mayExpireAt: expiryOfRecord(JSON.parse((await redis.get(key)) ?? "{}")) };
		default:
			return null;
	}
}

async function expectationOfShowtimeKey(redis: Redis, key: string, [, part = "", staged]: string[]): Promise<Expectation | null> {
	const types: Record<string, string> = { meta: "hash", owner: "hash", map: "string", exp: "zset", buyers: "hash" };
	const type = types[part];
	if (type === undefined) return null;
	if (staged === "staged") return { type, mayExpireAt: within(60_000) };
	const meta = await redis.hgetall(key.replace(/:[^:]+$/, ":meta"));
	// A meta that holds only a claim expires after a minute. The other keys may have any expiry then: the end of the showtime is unknown.
	if (meta.state === undefined) return { type, mayExpireAt: part === "meta" ? within(60_000) : () => true };
	const expected = Number(meta.endsAt) + (part === "meta" ? DAY_MS : 2 * DAY_MS);
	return { type, mayExpireAt: (expiresAt) => expiresAt === expected };
}

/** A user index expires 30 days after the creation of its newest booking. */
async function expiryOfIndex(redis: Redis, key: string): Promise<ExpiryCheck> {
	const [, createdAt] = await redis.zrange(key, "-1", "-1", "WITHSCORES");
	return (expiresAt) => expiresAt === Number(createdAt) + 30 * DAY_MS;
}

/**
 * An idempotency key names a booking, always expires, and never outlives the record of its hold. If the record has no expiry or a test has
 * deleted it, the key may live as long as the record of the longest hold.
 */
async function expectationOfIdempotencyKey(redis: Redis, key: string): Promise<Expectation> {
	const longest = within(HOLD_LIFE_MAX_MS + ENDED_HOLD_TTL_MS);
	const value = await redis.get(key);
	// The key has expired since it was listed.
	if (value === null) return { type: "string", mayExpireAt: longest };
	const bookingId = parseBookingId(value.split("|")[0] ?? "");
	if (bookingId === null)
		return { type: "string", mayExpireAt: longest, valueViolation: `the value "${value}", which does not name a booking` };
	const recordExpiresAt = await redis.pexpiretime(bookingKey(bookingId));
	const notAfterRecord: ExpiryCheck = (expiresAt) => expiresAt !== -1 && expiresAt <= recordExpiresAt;
	return { type: "string", mayExpireAt: recordExpiresAt >= 0 ? notAfterRecord : longest };
}

/**
 * The record of a confirmed booking has no expiry until the ledger has the booking, and then expires a day later. The record of a hold
 * expires an hour after the hold's `expiresAt`, even if it was released. A revoke brings `expiresAt` forward and does not change the expiry
 * of the record, which may therefore be later: up to an hour after the latest end that a hold can have.
 */
function expiryOfRecord({ state, createdAt, expiresAt: holdEndsAt, confirmedAt, recorded }: Record<string, string>): ExpiryCheck {
	if (confirmedAt !== undefined) return recorded === "0" ? noExpiry : within(DAY_MS);
	// A conflict is decided by the ledger, so its record is kept for as long as a recorded booking's.
	if (state === "CONFLICT") return within(DAY_MS);
	return (expiresAt) =>
		expiresAt >= Number(holdEndsAt) + ENDED_HOLD_TTL_MS && expiresAt <= Number(createdAt) + HOLD_LIFE_MAX_MS + ENDED_HOLD_TTL_MS;
}
