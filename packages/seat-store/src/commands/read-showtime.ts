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
import { planKey, showtimeKeys } from "../keys.ts";
import { readInteger } from "../reply.ts";

/** The showtime as installed, or null. */
export async function readShowtime(redis: Redis, showtimeId: ShowtimeId): Promise<OpenShowtime | null> {
	return parseMeta(showtimeId, await redis.hgetall(showtimeKeys(showtimeId).meta));
}

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

/** A seat plan as written by `writePlan`, indexed; null when Redis does not have it. */
export async function readPlan(redis: Redis, planId: SeatPlanId): Promise<IndexedSeatPlan | null> {
	const json = await redis.get(planKey(planId));
	return json === null ? null : indexSeatPlan(JSON.parse(json));
}

/** Plans are immutable, so writing one twice changes nothing. */
export async function writePlan(redis: Redis, plan: SeatPlan): Promise<void> {
	await redis.set(planKey(plan.id), JSON.stringify(plan));
}
