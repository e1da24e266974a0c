/** Commands that read the seats of a showtime, and the command that frees the seats of expired holds (reaping). */
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

/** The script behind `readSeatMap`. */
export const readMapScript = defineScript("read-map");
/** The script behind `reapHolds`. */
export const reapScript = defineScript("reap");

/** The most expired holds that one reap frees. */
export const REAP_HOLDS_MAX = 100;
/** The most showtimes that `listShowtimesToReap` returns. */
export const SHOWTIMES_TO_REAP_MAX = 100;
/** The most reaps before one read. A 50,000-seat showtime needs 500 when all its holds expire at once; twice that is a bug. */
const READ_ROUNDS_MAX = 1_000;

/** Returns the seat map of a showtime. Seats of expired holds are freed first, which raises the map's version. */
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
		throw new Error(`broken invariant: showtime ${showtimeId} has expired holds after ${READ_ROUNDS_MAX} reaps`);
	},
});

/**
 * Frees the seats of at most `REAP_HOLDS_MAX` expired holds of a showtime. Returns how many holds were freed, and whether more have
 * expired. Frees nothing while the fence refuses the showtime. Any process may call it, at any time and any number of times.
 */
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

/**
 * Returns the indexes of the seats that a user holds or has bought at a showtime. `nowMs` is the clock that a read of the seat map
 * returned; holds that have expired by then are left out. The source is the user's entry in `buyers`, which the per-user limits use too.
 */
export const readOwnSeats = read({
	place: (showtimeId: ShowtimeId, _userId: UserId, _nowMs: number) => atBucketOf(showtimeId),
	async run(redis, _context, showtimeId, userId, nowMs) {
		const entry = await redis.hget(showtimeKeys(showtimeId).buyers, userId);
		return parseBuyer(entry).flatMap(({ expiresAt, seats }) => (expiresAt === 0 || nowMs < expiresAt ? seats : []));
	},
});

/** The owner entries of a showtime and the seat map derived from them. `expiresAt` 0: sold, blocked or quarantined. */
export type SeatInspection = {
	readonly owners: readonly { readonly seat: number; readonly bookingId: string; readonly expiresAt: number }[];
	readonly statuses: string;
	readonly nowMs: number;
};

/** Returns the owner of every seat that is not free, and the seat map of the same moment. O(seats with an owner): not for requests. */
export const inspectSeats = read({
	place: (showtimeId: ShowtimeId) => atBucketOf(showtimeId),
	run: (redis, _context, showtimeId) => readSeats(redis, showtimeId),
});

/** Reads owners, map and clock in one MULTI, so that they belong to one moment. */
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

/**
 * Returns the showtimes of a bucket that may have expired holds by the Redis clock: at most `SHOWTIMES_TO_REAP_MAX`, the earliest expiry
 * first.
 */
export const listShowtimesToReap = read({
	place: (bucket: number) => atBucket(bucket),
	async run(redis, _context, bucket) {
		const nowMs = await readNow(redis);
		const ids = await redis.zrange(bucketKeys(bucket).expiries, "-inf", String(nowMs), "BYSCORE", "LIMIT", 0, SHOWTIMES_TO_REAP_MAX);
		return ids.flatMap((id) => parseShowtimeId(id) ?? []);
	},
});
