/** Converts a booking to the response body that staff get. */
import type { BookingRefund } from "@holdfast/database";
import { presentLabelled, presentRefund } from "../bookings/present-booking.ts";
import type { AdminBookingBody } from "../contract/admin-booking.ts";
import { toInstant } from "../contract/share.ts";
import type { ListedBooking } from "./listed-booking.ts";

/** Returns the body of a booking of a list. */
export function presentAdminBooking({ booking, seatLabels, user, showtime, refund, readAtMs }: ListedBooking): AdminBookingBody {
	const { id, startsAt, endsAt, timeZone, movie, auditorium } = showtime;
	return {
		...presentLabelled(booking, seatLabels, readAtMs, null),
		refund: refund && presentAdminRefund(refund),
		user,
		showtime: { id, startsAt: toInstant(startsAt), endsAt: toInstant(endsAt), timeZone, movie, auditorium },
	};
}

const presentAdminRefund = (refund: BookingRefund): AdminBookingBody["refund"] => ({
	...presentRefund(refund),
	dueAt: toInstant(refund.dueAt),
	settledAt: refund.settledAt === null ? null : toInstant(refund.settledAt),
	reference: refund.reference,
});
