/** Read the live seat map, and give back the seats of lapsed holds on the way. */
import { bucketOf, parseShowtimeId, type ShowtimeId, type UserId } from "@holdfast/domain";
import type { Redis } from "ioredis";
import { parseBuyer } from "../buyer-entry.ts";
import { defineScript, runScript } from "../define-script.ts";
import { bucketKeys, showtimeKeys } from "../keys.ts";
import type { ReadMapOutcome } from "../outcomes.ts";
import { parseOwners } from "../owner-entry.ts";
import { readInteger, readList, readText } from "../reply.ts";
import type { SeatInspection } from "../seat-store.ts";

export const readMapScript = defineScript("read-map");
export const reapScript = defineScript("reap");

/** Holds freed by one reap call. */
export const REAP_HOLDS_MAX = 100;
/** Showtimes with expired holds that one listing names. */
export const SHOWTIMES_TO_REAP_MAX = 100;
/** A 50,000-seat showtime whose every hold lapsed at once needs 500 reaps; beyond twice that something is wrong. */
const READ_ROUNDS_MAX = 1_000;

/** The map with nothing lapsed in it: a reader who sees the earliest expiry in the past reaps first. */
export async function readSeatMap(redis: Redis, showtimeId: ShowtimeId): Promise<ReadMapOutcome> {
	for (let round = 0; round < READ_ROUNDS_MAX; round += 1) {
		const { status, rest } = await runScript(redis, readMapScript, { keys: showtimeKeys(showtimeId), args: {} });
		if (status === "not_ready" || status === "fenced" || status === "recovering") return { outcome: status };
		const [nowMs, version, statuses, earliest, showtimeVersion, scheduleVersion] = rest;
		const earliestExpiryAt = earliest === "" ? null : readInteger(earliest);
		if (earliestExpiryAt === null || earliestExpiryAt > readInteger(nowMs)) {
			return {
				outcome: "read",
				nowMs: readInteger(nowMs),
				version: readInteger(version),
				statuses: readText(statuses),
				earliestExpiryAt,
				showtimeVersion: readInteger(showtimeVersion),
				scheduleVersion: readInteger(scheduleVersion),
			};
		}
		await reapHolds(redis, showtimeId);
	}
	throw new Error(`broken invariant: reaping ${showtimeId} comes to an end`);
}

/** Free up to 100 expired holds of a showtime. Safe to call at any time, by anyone. */
export async function reapHolds(redis: Redis, showtimeId: ShowtimeId): Promise<{ reaped: number; more: boolean }> {
	const { status, rest } = await runScript(redis, reapScript, {
		keys: { ...showtimeKeys(showtimeId), ...bucketKeys(bucketOf(showtimeId)) },
		args: { showtimeId, holdsMax: REAP_HOLDS_MAX },
	});
	if (status !== "reaped") return { reaped: 0, more: false };
	return { reaped: readInteger(rest[0]), more: readInteger(rest[1]) === 1 };
}

/** Seats that the user holds or has bought here, from the one entry that the caps are judged by. */
export async function readOwnSeats(redis: Redis, showtimeId: ShowtimeId, userId: UserId, nowMs: number): Promise<number[]> {
	const entry = await redis.hget(showtimeKeys(showtimeId).buyers, userId);
	return parseBuyer(entry).flatMap(({ expiresAt, seats }) => (expiresAt === 0 || nowMs < expiresAt ? seats : []));
}

/** Owners and map of one instant (MULTI). O(seats taken). */
export async function inspectSeats(redis: Redis, showtimeId: ShowtimeId): Promise<SeatInspection> {
	const { owner, map } = showtimeKeys(showtimeId);
	const replies = (await redis.multi().hgetall(owner).get(map).time().exec()) ?? [];
	const [owners, statuses, time] = replies.map(([error, value]): unknown => {
		if (error) throw error;
		return value;
	});
	return {
		owners: [...parseOwners(Object(owners))].map(([seat, { booking, expiresAt }]) => ({ seat, bookingId: booking, expiresAt })),
		statuses: statuses === null ? "" : readText(statuses),
		nowMs: readTime(time),
	};
}

/** Showtimes of a bucket whose earliest hold has expired by the Redis clock. */
export async function listShowtimesToReap(redis: Redis, bucket: number): Promise<ShowtimeId[]> {
	const nowMs = await readNow(redis);
	const ids = await redis.zrange(bucketKeys(bucket).expiries, "-inf", String(nowMs), "BYSCORE", "LIMIT", 0, SHOWTIMES_TO_REAP_MAX);
	return ids.flatMap((id) => parseShowtimeId(id) ?? []);
}

/** The clock that judges holds, epoch ms. */
export async function readNow(redis: Redis): Promise<number> {
	return readTime(await redis.time());
}

/** What TIME replies, in epoch milliseconds. */
function readTime(time: unknown): number {
	const [seconds, micros] = readList(time);
	return readInteger(seconds) * 1000 + Math.floor(readInteger(micros) / 1000);
}
