/** A booking as its owner is shown it. */
import { type Booking, type IndexedSeatPlan, statusOf } from "@holdfast/domain";
import { assert } from "@holdfast/runtime";
import type { BookingBody } from "../contract/booking.ts";
import { toInstant } from "../contract/share.ts";

/** `nowMs`: the clock that judges holds (Redis), where the caller has it. */
export function presentBooking(booking: Booking, plan: IndexedSeatPlan, nowMs: number): BookingBody {
	const status = statusOf(booking, nowMs);
	return {
		id: booking.id,
		showtimeId: booking.showtimeId,
		status,
		seats: labelsOf(plan, booking.seats),
		total: { amount: booking.amount, currency: booking.currency },
		expiresAt: toInstant(booking.expiresAt),
		...(status === "pending" && { expiresInSeconds: Math.floor((booking.expiresAt - nowMs) / 1000) }),
		createdAt: toInstant(booking.createdAt),
		confirmedAt: booking.confirmedAt === null ? null : toInstant(booking.confirmedAt),
		cancelledAt: booking.cancelledAt === null ? null : toInstant(booking.cancelledAt),
		recorded: booking.recorded,
		version: booking.version,
	};
}

/** Seat indexes as people read them. */
export function labelsOf(plan: IndexedSeatPlan, seats: readonly number[]): string[] {
	return seats.map((index) => {
		const seat = plan.seats[index];
		assert(seat !== undefined, `seat ${index} is in plan ${plan.plan.id}`);
		return seat.label;
	});
}
