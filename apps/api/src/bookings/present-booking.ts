/** Converts a booking to the response body that its owner gets. */
import { type Booking, type IndexedSeatPlan, statusOf } from "@holdfast/domain";
import { assert } from "@holdfast/runtime";
import type { BookingBody } from "../contract/booking.ts";
import { toInstant } from "../contract/share.ts";

/** Returns the body. `plan` is the booking's seat plan. `nowMs` is the Redis time, at which holds expire. */
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

/** Returns the labels of seat indexes. */
export function labelsOf(plan: IndexedSeatPlan, seats: readonly number[]): string[] {
	return seats.map((index) => {
		const seat = plan.seats[index];
		assert(seat !== undefined, `seat ${index} is not in plan ${plan.plan.id}`);
		return seat.label;
	});
}
