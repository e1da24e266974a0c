/** Read what is installed: a showtime, its plan, and whether the fence lets it sell. */
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

/** The showtime as installed, or null when it is not. */
export const readShowtime = read({
	place: (showtimeId: ShowtimeId) => atBucketOf(showtimeId),
	run: async (redis, _context, showtimeId) => parseMeta(showtimeId, await redis.hgetall(showtimeKeys(showtimeId).meta)),
});

/** What meta says of a showtime; null when it says nothing, or holds no more than a claim. */
export function parseMeta(showtimeId: ShowtimeId, meta: Readonly<Record<string, string>>): OpenShowtime | null {
	const state = SHOWTIME_STATES.find((known) => known === meta.state);
	if (state === undefined) return null;
	const planId = parseSeatPlanId(meta.planId ?? "");
	assert(planId !== null, `the installed showtime ${showtimeId} names its plan`);
	const prices = parsePrices(JSON.parse(meta.prices ?? ""));
	assert(prices !== null, `the installed showtime ${showtimeId} has a price that is none: ${meta.prices}`);
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

/** The fields of meta that an install writes, as a flat list. Throws when they could not be read back: a price or an instant that is none. */
export function formatMeta(showtime: OpenShowtime, blockedSeats: readonly number[]): string[] {
	const { id, prices, summary, ...plain } = showtime;
	const written = { ...plain, prices: JSON.stringify(prices), summary: JSON.stringify(summary), blockedSeats: blockedSeats.join(",") };
	const fields = Object.entries(written).map(([field, value]): [string, string] => [field, String(value)]);
	assert(parseMeta(id, Object.fromEntries(fields)) !== null, `the state of showtime ${id} is none`);
	return fields.flat();
}

/** A seat plan as written by `writePlan` in a bucket, indexed; null when Redis does not have it there. */
export const readPlan = read({
	place: (bucket: number, _planId: SeatPlanId) => atBucket(bucket),
	run: (redis, _context, bucket, planId) => readPlanIn(redis, bucket, planId),
});

/** A seat plan as some bucket has it; null when none does. Fails if none has it and one does not answer. */
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

export const hasPlan = read({
	place: (bucket: number, _planId: SeatPlanId) => atBucket(bucket),
	run: async (redis, _context, bucket, planId) => (await redis.exists(planKey(bucket, planId))) === 1,
});

/** Write a plan for the showtimes of a bucket. Plans are immutable, so writing one twice changes nothing. */
export const writePlan = write({
	place: (bucket: number, _plan: SeatPlan) => atBucket(bucket),
	run: async (redis, _context, bucket, plan) => void (await redis.set(planKey(bucket, plan.id), JSON.stringify(plan))),
});
