/** Commands that read and write showtimes and seat plans as Redis stores them. */
import {
	type IndexedSeatPlan,
	indexSeatPlan,
	type OpenShowtime,
	parsePrices,
	parseSeatPlanId,
	type SeatPlan,
	type SeatPlanId,
	SHOWTIME_STATES,
	type ShowtimeId,
} from "@holdfast/domain";
import { assert } from "@holdfast/runtime";
import type { Redis } from "ioredis";
import { across, read, write } from "../command.ts";
import { planKey, showtimeKeys } from "../keys.ts";
import { atBucket, atBucketOf } from "../place.ts";
import { readInteger } from "../reply.ts";

/** Returns the installed showtime, or null when it is not installed. Throws when the stored fields cannot be read. */
export const readShowtime = read({
	place: (showtimeId: ShowtimeId) => atBucketOf(showtimeId),
	run: async (redis, _context, showtimeId) => parseMeta(showtimeId, await redis.hgetall(showtimeKeys(showtimeId).meta)),
});

/** Parses the fields of a showtime's `meta` hash. Null when the hash is empty or holds only a claim. Throws when a field cannot be read. */
export function parseMeta(showtimeId: ShowtimeId, meta: Readonly<Record<string, string>>): OpenShowtime | null {
	const state = SHOWTIME_STATES.find((known) => known === meta.state);
	if (state === undefined) return null;
	const planId = parseSeatPlanId(meta.planId ?? "");
	assert(planId !== null, `showtime ${showtimeId} has no valid planId: ${meta.planId}`);
	const prices = parsePrices(JSON.parse(meta.prices ?? ""));
	assert(prices !== null, `showtime ${showtimeId} has invalid prices: ${meta.prices}`);
	return {
		id: showtimeId,
		state,
		planId,
		seatCount: readInteger(meta.seatCount),
		priceVersion: readInteger(meta.priceVersion),
		prices,
		currency: meta.currency ?? "",
		salesOpenAt: readInteger(meta.salesOpenAt),
		salesCloseAt: readInteger(meta.salesCloseAt),
		startsAt: readInteger(meta.startsAt),
		endsAt: readInteger(meta.endsAt),
		showtimeVersion: readInteger(meta.showtimeVersion),
		scheduleVersion: readInteger(meta.scheduleVersion),
		summary: JSON.parse(meta.summary ?? ""),
	};
}

/**
 * Returns the fields of `meta` that an install writes, as a flat list of names and values. Throws when `parseMeta` could not read them
 * back, such as an invalid price or a time that is not an integer.
 */
export function formatMeta(showtime: OpenShowtime, blockedSeats: readonly number[]): string[] {
	const { id, prices, summary, ...plain } = showtime;
	const written = { ...plain, prices: JSON.stringify(prices), summary: JSON.stringify(summary), blockedSeats: blockedSeats.join(",") };
	const fields = Object.entries(written).map(([field, value]): [string, string] => [field, String(value)]);
	assert(parseMeta(id, Object.fromEntries(fields)) !== null, `showtime ${id} has an invalid state: ${plain.state}`);
	return fields.flat();
}

/** Returns the seat plan that `writePlan` stored in the bucket, with its indexes built. Null when the bucket does not have the plan. */
export const readPlan = read({
	place: (bucket: number, _planId: SeatPlanId) => atBucket(bucket),
	run: (redis, _context, bucket, planId) => readPlanIn(redis, bucket, planId),
});

/**
 * Returns the seat plan from any bucket that has it, or null when every bucket answered and none has it. Throws `SeatStoreFault` when no
 * bucket that answered has the plan and at least one did not answer.
 */
export const findPlan = across((lanes) => async (planId: SeatPlanId): Promise<IndexedSeatPlan | null> => {
	const found = await Promise.allSettled(
		lanes.buckets.map((bucket) => lanes.read(atBucket(bucket), (redis) => redis.exists(planKey(bucket, planId)))),
	);
	const bucket = lanes.buckets.find((_, i) => found[i]?.status === "fulfilled" && found[i].value === 1);
	if (bucket !== undefined) return lanes.read(atBucket(bucket), (redis) => readPlanIn(redis, bucket, planId));
	for (const one of found) if (one.status === "rejected") throw one.reason;
	return null;
});

async function readPlanIn(redis: Redis, bucket: number, planId: SeatPlanId): Promise<IndexedSeatPlan | null> {
	const json = await redis.get(planKey(bucket, planId));
	return json === null ? null : indexSeatPlan(JSON.parse(json));
}

/** Whether the bucket has the seat plan. */
export const hasPlan = read({
	place: (bucket: number, _planId: SeatPlanId) => atBucket(bucket),
	run: async (redis, _context, bucket, planId) => (await redis.exists(planKey(bucket, planId))) === 1,
});

/** Stores a seat plan for the showtimes of a bucket. Plans are immutable, so it is safe to repeat. */
export const writePlan = write({
	place: (bucket: number, _plan: SeatPlan) => atBucket(bucket),
	run: async (redis, _context, bucket, plan) => void (await redis.set(planKey(bucket, plan.id), JSON.stringify(plan))),
});
