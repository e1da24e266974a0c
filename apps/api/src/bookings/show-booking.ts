/** `GET /bookings/:id`: shows one of the user's own bookings with its showtime. */

import { findMoves, isDatabaseUnavailable } from "@holdfast/database";
import { type Booking, parseBookingId } from "@holdfast/domain";
import { assert } from "@holdfast/runtime";
import type { ApiServer } from "../api-server.ts";
import { BOOKING_ANSWER_HEADERS, BookingDetails, type BookingDetailsBody } from "../contract/booking.ts";
import { BY_ID_OF_BOOKING } from "../contract/page.ts";
import { OWN_PROBLEMS, STORE_PROBLEMS } from "../contract/problems.ts";
import { toInstant } from "../contract/share.ts";
import type { RouteDeps } from "../deps.ts";
import { signedInUser } from "../plugins/auth.ts";
import type { CurrentShowtime } from "../showtimes/current-showtimes.ts";
import { findOwnBooking } from "./find-own-booking.ts";
import { findOwnRefunds } from "./find-own-refunds.ts";
import { entityTag } from "./if-match.ts";
import { presentBooking } from "./present-booking.ts";

/** Registers `GET /bookings/:id`. */
export function addShowBooking(app: ApiServer, deps: RouteDeps): void {
	app.route({
		method: "GET",
		url: "/:id",
		onRequest: app.requireUser,
		schema: {
			operationId: "showBooking",
			summary: "Read one booking of the signed-in user",
			description:
				"Returns the booking with its showtime. An expired or released hold can be read until an hour after its `expiresAt`. A request for " +
				"another user's booking gets the same 404 as a request for one that does not exist.",
			tags: ["bookings"],
			security: [{ accessToken: [] }],
			params: BY_ID_OF_BOOKING,
			response: { 200: BookingDetails.answer("The booking with its showtime", BOOKING_ANSWER_HEADERS) },
		},
		config: { problems: [...OWN_PROBLEMS, "not_found", ...STORE_PROBLEMS] },
		handler: async (request, reply) => {
			const bookingId = parseBookingId(request.params.id, deps.settings.limits.buckets);
			const found = bookingId && (await findOwnBooking(deps, bookingId, signedInUser(request).id));
			if (found === null) return reply.problem("not_found");
			reply.header("etag", entityTag(found.booking.version));
			return reply.send(await presentDetails(deps, found.booking, found.nowMs));
		},
	});
}

async function presentDetails(deps: RouteDeps, booking: Booking, nowMs: number): Promise<BookingDetailsBody> {
	const [plan, showtime, refunds] = await Promise.all([
		deps.seatPlans.find(booking.planId, booking.id),
		deps.currentShowtimes.find(booking.showtimeId),
		findOwnRefunds(deps.database, [booking]),
	]);
	assert(showtime !== null, `no showtime ${booking.showtimeId} found for a booking`);
	const { id, startsAt, endsAt, summary } = showtime;
	return {
		...presentBooking(booking, plan, nowMs, refunds.get(booking.id) ?? null),
		showtime: { id, startsAt: toInstant(startsAt), endsAt: toInstant(endsAt), ...summary },
		rescheduled: await findMove(deps, booking, showtime),
	};
}

/** Asks the ledger only when the showtime has another schedule than the booking. Null while Postgres cannot be reached. */
async function findMove(
	{ database }: RouteDeps,
	booking: Booking,
	{ scheduleVersion }: CurrentShowtime,
): Promise<BookingDetailsBody["rescheduled"]> {
	if (scheduleVersion <= booking.scheduleVersion) return null;
	try {
		const move = (await findMoves(database, [booking])).get(booking.id);
		if (move === undefined) return null;
		return { from: { startsAt: toInstant(move.from.startsAt), endsAt: toInstant(move.from.endsAt) }, at: toInstant(move.at) };
	} catch (error) {
		if (isDatabaseUnavailable(error)) return null;
		throw error;
	}
}
