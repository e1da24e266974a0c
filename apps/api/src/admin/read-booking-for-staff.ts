/** Reads what staff see beside a booking: its user, its showtime and its refund. */
import { type BookingUser, type Database, findUser, isDatabaseUnavailable } from "@holdfast/database";
import type { Booking, UserId } from "@holdfast/domain";
import { assert } from "@holdfast/runtime";
import { findOwnRefunds } from "../bookings/find-own-refunds.ts";
import { labelsOf } from "../bookings/present-booking.ts";
import type { AdminBookingBody } from "../contract/admin-booking.ts";
import type { RouteDeps } from "../deps.ts";
import { presentAdminBooking } from "./present-admin-booking.ts";

/**
 * Returns the body of the booking, whose status is evaluated at `nowMs` (epoch ms). Seats can be sold while Postgres cannot be reached; the
 * body then has no e-mail, name and refund.
 */
export async function readBookingForStaff(
	{ database, seatPlans, currentShowtimes }: RouteDeps,
	{ booking, nowMs }: { readonly booking: Booking; readonly nowMs: number },
): Promise<AdminBookingBody> {
	const [plan, showtime, refunds, user] = await Promise.all([
		seatPlans.find(booking.planId, booking.id),
		currentShowtimes.find(booking.showtimeId),
		findOwnRefunds(database, [booking]),
		readUser(database, booking.userId),
	]);
	assert(showtime !== null, `no showtime ${booking.showtimeId} found for a booking`);
	return presentAdminBooking({
		booking,
		seatLabels: labelsOf(plan, booking.seats),
		user,
		showtime: { ...showtime, ...showtime.summary },
		refund: refunds.get(booking.id) ?? null,
		readAtMs: nowMs,
	});
}

async function readUser(database: Database, id: UserId): Promise<BookingUser> {
	try {
		const user = await findUser(database, id);
		return { id, email: user?.email ?? null, displayName: user?.displayName ?? null };
	} catch (error) {
		if (isDatabaseUnavailable(error)) return { id, email: null, displayName: null };
		throw error;
	}
}
