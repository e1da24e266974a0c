/** Read the live seat map, and give back the seats of lapsed holds on the way. */
import { bucketOf, parseShowtimeId, type ShowtimeId, type UserId } from "@holdfast/domain";
import type { Redis } from "ioredis";
import { parseBuyer } from "../buyer-entry.ts";
import { read, write } from "../command.ts";
import { defineScript, runScript } from "../define-script.ts";
import { bucketKeys, showtimeKeys } from "../keys.ts";
import type { ReadMapOutcome } from "../outcomes.ts";
import { parseOwners } from "../owner-entry.ts";
import { atBucket, atBucketOf } from "../place.ts";
import { readInteger, readText } from "../reply.ts";
import { readNow, readTime } from "./ask-server.ts";

export const readMapScript = defineScript("read-map");
export const reapScript = defineScript("reap");

/** Holds freed by one reap call. */
export const REAP_HOLDS_MAX = 100;
/** Showtimes with expired holds that one listing names. */
export const SHOWTIMES_TO_REAP_MAX = 100;
/** A 50,000-seat showtime whose every hold lapsed at once needs 500 reaps; beyond twice that something is wrong. */
const READ_ROUNDS_MAX = 1_000;

/** The map with nothing expired in it: frees expired holds first when there are any. */
export const readSeatMap = read({
	place: (showtimeId: ShowtimeId) => atBucketOf(showtimeId),
	async run(redis, _context, showtimeId): Promise<ReadMapOutcome> {
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
			await reap(redis, showtimeId);
		}
		throw new Error(`broken invariant: reaping ${showtimeId} comes to an end`);
	},
});

/** Free up to 100 expired holds of a showtime; says how many, and whether more have expired. Safe to call at any time, by anyone. */
export const reapHolds = write({
	place: (showtimeId: ShowtimeId) => atBucketOf(showtimeId),
	run: (redis, _context, showtimeId) => reap(redis, showtimeId),
});

async function reap(redis: Redis, showtimeId: ShowtimeId): Promise<{ reaped: number; more: boolean }> {
	const { status, rest } = await runScript(redis, reapScript, {
		keys: { ...showtimeKeys(showtimeId), ...bucketKeys(bucketOf(showtimeId)) },
		args: { showtimeId, holdsMax: REAP_HOLDS_MAX },
	});
	if (status !== "reaped") return { reaped: 0, more: false };
	return { reaped: readInteger(rest[0]), more: readInteger(rest[1]) === 1 };
}

/** Indexes of the seats that this user holds or has bought here at `nowMs` (the clock of a read map), from the one entry that the caps are judged by. */
export const readOwnSeats = read({
	place: (showtimeId: ShowtimeId, _userId: UserId, _nowMs: number) => atBucketOf(showtimeId),
	async run(redis, _context, showtimeId, userId, nowMs) {
		const entry = await redis.hget(showtimeKeys(showtimeId).buyers, userId);
		return parseBuyer(entry).flatMap(({ expiresAt, seats }) => (expiresAt === 0 || nowMs < expiresAt ? seats : []));
	},
});

/** The truth and its projection side by side. `expiresAt` 0: sold, or kept back for good. */
export type SeatInspection = {
	readonly owners: readonly { readonly seat: number; readonly bookingId: string; readonly expiresAt: number }[];
	readonly statuses: string;
	readonly nowMs: number;
};

/** Every seat that is not free, with the map as of the same instant: for proofs, not for the hot path. O(seats taken). */
export const inspectSeats = read({
	place: (showtimeId: ShowtimeId) => atBucketOf(showtimeId),
	run: (redis, _context, showtimeId) => readSeats(redis, showtimeId),
});

/** Owners and map of one instant (MULTI). */
export async function readSeats(redis: Redis, showtimeId: ShowtimeId): Promise<SeatInspection> {
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

/** Showtimes of a bucket whose earliest hold has expired by the Redis clock, at most 100. */
export const listShowtimesToReap = read({
	place: (bucket: number) => atBucket(bucket),
	async run(redis, _context, bucket) {
		const nowMs = await readNow(redis);
		const ids = await redis.zrange(bucketKeys(bucket).expiries, "-inf", String(nowMs), "BYSCORE", "LIMIT", 0, SHOWTIMES_TO_REAP_MAX);
		return ids.flatMap((id) => parseShowtimeId(id) ?? []);
	},
});
