/** `GET /bookings`: lists the user's own bookings, newest first, including changes that the ledger does not have yet. */
import { BOOKING_STATUSES, parseBookingId, parseShowtimeId } from "@holdfast/domain";
import { Type } from "typebox";
import type { ApiServer } from "../api-server.ts";
import { BookingPage } from "../contract/booking.ts";
import { BAD_CURSOR, PAGE_LIMIT_DEFAULT, PAGE_QUERY } from "../contract/page.ts";
import { OWN_PROBLEMS, STORE_PROBLEMS } from "../contract/problems.ts";
import { CLOSED, oneOf } from "../contract/share.ts";
import type { RouteDeps } from "../deps.ts";
import { signedInUser } from "../plugins/auth.ts";
import { presentSkippingUnreadable } from "../present-skipping-unreadable.ts";
import { collectBookings } from "./collect-bookings.ts";
import { findOwnRefunds } from "./find-own-refunds.ts";
import { presentBooking } from "./present-booking.ts";

/** Registers `GET /bookings` on `app`, which must have the prefix `/bookings`. */
export function addListBookings(app: ApiServer, deps: RouteDeps): void {
	app.route({
		method: "GET",
		url: "",
		onRequest: app.requireUser,
		schema: {
			operationId: "listBookings",
			summary: "List the bookings of the signed-in user",
			description:
				"Lists the bookings of the signed-in user, newest first. Holds that expired or were released are in the list until an hour after their " +
				"`expiresAt`. A booking has only the id of its showtime: read `GET /api/v1/bookings/{id}` for the movie and the time. A page can have fewer " +
				"items than `limit` even if more follow: continue until `nextCursor` is null. A booking that cannot be read because of a server error is " +
				"left out of the list.",
			tags: ["bookings"],
			security: [{ accessToken: [] }],
			querystring: Type.Object(
				{
					...PAGE_QUERY,
					status: Type.Optional(oneOf(BOOKING_STATUSES, "Only bookings with this status")),
					showtimeId: Type.Optional(
						Type.String({
							maxLength: 64,
							description: "Only bookings of the showtime with this id. A malformed id is answered 400, an unknown one with an empty page",
						}),
					),
				},
				CLOSED,
			),
			response: { 200: BookingPage.answer("One page of bookings") },
		},
		config: { problems: ["invalid_request", ...OWN_PROBLEMS, ...STORE_PROBLEMS] },
		handler: async (request, reply) => {
			const { limit = PAGE_LIMIT_DEFAULT, cursor, status, showtimeId: requestedId } = request.query;
			const beforeId = cursor === undefined ? null : parseBookingId(cursor);
			if (cursor !== undefined && beforeId === null) return reply.problem("invalid_request", BAD_CURSOR);
			const showtimeId = requestedId === undefined ? null : parseShowtimeId(requestedId);
			if (requestedId !== undefined && showtimeId === null)
				return reply.problem("invalid_request", { errors: [{ pointer: "/query/showtimeId", message: "is not a valid showtime id" }] });

			const userId = signedInUser(request).id;
			const { bookings, nextCursor } = await collectBookings(deps, { userId, beforeId, limit, showtimeId, status: status ?? null });
			const refunds = await findOwnRefunds(deps.database, bookings);
			const present = async (booking: (typeof bookings)[number]) => {
				const plan = await deps.seatPlans.find(booking.planId, booking.id);
				return presentBooking(booking, plan, booking.readAtMs, refunds.get(booking.id) ?? null);
			};
			const items = await presentSkippingUnreadable(bookings, present, (id, error) => deps.reportUnreadable("booking", id, error));
			return reply.send({ items, nextCursor });
		},
	});
}
