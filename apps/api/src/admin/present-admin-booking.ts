/** Converts a booking to the response body that staff get. */
import type { BookingRefund } from "@holdfast/database";
import type { Booking } from "@holdfast/domain";
import { presentLabelled } from "../bookings/present-booking.ts";
import type { AdminBookingBody } from "../contract/admin-booking.ts";
import { toInstant } from "../contract/share.ts";
import type { CurrentShowtime } from "../showtimes/current-showtimes.ts";

/** A booking with what staff see beside it. `readAtMs` is the time (epoch ms) at which its status is evaluated. */
export type BookingInContext = {
	readonly booking: Booking;
	readonly seatLabels: readonly string[];
	readonly user: AdminBookingBody["user"];
	readonly showtime: Pick<CurrentShowtime, "id" | "startsAt" | "endsAt"> & CurrentShowtime["summary"];
	readonly refund: BookingRefund | null;
	readonly readAtMs: number;
};

/** Returns the body. */
export function presentAdminBooking({ booking, seatLabels, user, showtime, refund, readAtMs }: BookingInContext): AdminBookingBody {
	const { id, startsAt, endsAt, timeZone, movie, auditorium } = showtime;
	return {
		...presentLabelled(booking, seatLabels, readAtMs, refund),
		user,
		showtime: { id, startsAt: toInstant(startsAt), endsAt: toInstant(endsAt), timeZone, movie, auditorium },
	};
}
