/** Open a showtime for selling, and read what was opened. */
import {
	type BookingId,
	bucketOf,
	type IndexedSeatPlan,
	indexSeatPlan,
	type OpenShowtime,
	parseSeatPlanId,
	type SeatPlan,
	type SeatPlanId,
	SHOWTIME_STATES,
	type ShowtimeId,
	type UserId,
} from "@holdfast/domain";
import { assert } from "@holdfast/runtime";
import type { Redis } from "ioredis";
import { formatSeats } from "../booking-record.ts";
import { defineScript, runScript } from "../define-script.ts";
import { bucketKeys, planKey, showtimeKeys } from "../keys.ts";
import type { InstallOutcome } from "../outcomes.ts";
import { readInteger, unknownStatus } from "../reply.ts";
import type { ShowtimeSnapshot } from "../seat-store.ts";

export const installScript = defineScript("install");

/** Bookings written by one install call: at most ten seats each, so a thousand seats and a few milliseconds. */
const INSTALL_BOOKINGS_MAX = 100;
const DAY_MS = 24 * 60 * 60 * 1000;

type SoldBooking = { readonly bookingId: BookingId; readonly userId: UserId; readonly seats: number[] };

/** Write the snapshot chunk by chunk; meta comes last, and nothing is sold before it is there. */
export async function installShowtime(redis: Redis, { showtime, epoch, soldSeats }: ShowtimeSnapshot): Promise<InstallOutcome> {
	const { meta, owner, map, expiry, buyers } = showtimeKeys(showtime.id);
	const { epochs, seq, line } = bucketKeys(bucketOf(showtime.id));
	const keys = [meta, owner, map, expiry, buyers, epochs, seq, line];
	const bookings = groupByBooking(soldSeats);
	const chunks = Math.max(1, Math.ceil(bookings.length / INSTALL_BOOKINGS_MAX));
	for (let chunk = 0; chunk < chunks; chunk += 1) {
		const isLast = chunk === chunks - 1;
		const part = bookings.slice(chunk * INSTALL_BOOKINGS_MAX, (chunk + 1) * INSTALL_BOOKINGS_MAX);
		const { status } = await runScript(redis, installScript, keys, [
			showtime.id,
			epoch,
			chunk === 0 ? "1" : "0",
			isLast ? "1" : "0",
			showtime.seatCount,
			showtime.endsAt + 2 * DAY_MS,
			showtime.endsAt + DAY_MS,
			part.length,
			...part.flatMap(({ bookingId, userId, seats }) => [bookingId, userId, formatSeats(seats)]),
			...(isLast ? formatMeta(showtime) : []),
		]);
		if (status === "exists" || status === "superseded") return { outcome: status };
		if (status !== "installed") return unknownStatus(installScript, status);
	}
	return { outcome: "installed" };
}

function groupByBooking(soldSeats: ShowtimeSnapshot["soldSeats"]): SoldBooking[] {
	const bookings = new Map<BookingId, SoldBooking>();
	for (const { bookingId, userId, seat } of soldSeats) {
		const booking = bookings.get(bookingId);
		if (booking) booking.seats.push(seat);
		else bookings.set(bookingId, { bookingId, userId, seats: [seat] });
	}
	return [...bookings.values()];
}

function formatMeta(showtime: OpenShowtime): string[] {
	const { id: _, prices, summary, ...plain } = showtime;
	return Object.entries({ ...plain, prices: JSON.stringify(prices), summary: JSON.stringify(summary) })
		.flat()
		.map(String);
}

/** The showtime as installed, or null. */
export async function readShowtime(redis: Redis, showtimeId: ShowtimeId): Promise<OpenShowtime | null> {
	const meta: Record<string, string> = await redis.hgetall(showtimeKeys(showtimeId).meta);
	const state = SHOWTIME_STATES.find((known) => known === meta.state);
	if (state === undefined) return null;
	const planId = parseSeatPlanId(meta.planId ?? "");
	assert(planId !== null, `the installed showtime ${showtimeId} names its plan`);
	return {
		id: showtimeId,
		state,
		planId,
		seatCount: readInteger(meta.seatCount),
		priceVersion: readInteger(meta.priceVersion),
		prices: JSON.parse(meta.prices ?? ""),
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

/** A seat plan as written by `writePlan`, indexed; null when Redis does not have it. */
export async function readPlan(redis: Redis, planId: SeatPlanId): Promise<IndexedSeatPlan | null> {
	const json = await redis.get(planKey(planId));
	return json === null ? null : indexSeatPlan(JSON.parse(json));
}

/** Plans are immutable, so writing one twice changes nothing. */
export async function writePlan(redis: Redis, plan: SeatPlan): Promise<void> {
	await redis.set(planKey(plan.id), JSON.stringify(plan));
}
