/** Converts a booking to the response body that its owner gets. */
import type { BookingRefund } from "@holdfast/database";
import { type Booking, type IndexedSeatPlan, statusOf } from "@holdfast/domain";
import { assert } from "@holdfast/runtime";
import type { BookingBody } from "../contract/booking.ts";
import { toInstant } from "../contract/share.ts";

/**
 * Returns the body. `plan` is the booking's seat plan; see `presentLabelled` for the rest.
 */
export const presentBooking = (booking: Booking, plan: IndexedSeatPlan, nowMs: number, refund: BookingRefund | null = null): BookingBody =>
	presentLabelled(booking, labelsOf(plan, booking.seats), nowMs, refund);

/**
 * Returns the body. `seats` are the labels of the booking's seats. `nowMs` is the Redis time, at which holds expire. `refund` is what is owed
 * for it; only a cancelled booking can have one.
 */
export function presentLabelled(booking: Booking, seats: readonly string[], nowMs: number, refund: BookingRefund | null): BookingBody {
	const status = statusOf(booking, nowMs);
	return {
		id: booking.id,
		showtimeId: booking.showtimeId,
		status,
		seats: [...seats],
		total: { amount: booking.amount, currency: booking.currency },
		expiresAt: toInstant(booking.expiresAt),
		...(status === "pending" && { expiresInSeconds: Math.floor((booking.expiresAt - nowMs) / 1000) }),
		createdAt: toInstant(booking.createdAt),
		confirmedAt: booking.confirmedAt === null ? null : toInstant(booking.confirmedAt),
		cancelledAt: booking.cancelledAt === null ? null : toInstant(booking.cancelledAt),
		refund: refund && presentRefund(refund),
		recorded: booking.recorded,
		version: booking.version,
	};
}

/** Returns what its owner sees of a refund. */
export const presentRefund = ({ status, amount, currency, percent, reason }: BookingRefund): NonNullable<BookingBody["refund"]> => ({
	status,
	amount: { amount, currency },
	percent,
	reason,
});

/** Returns the labels of seat indexes. */
export function labelsOf(plan: IndexedSeatPlan, seats: readonly number[]): string[] {
	return seats.map((index) => {
		const seat = plan.seats[index];
		assert(seat !== undefined, `seat ${index} is not in plan ${plan.plan.id}`);
		return seat.label;
	});
}
