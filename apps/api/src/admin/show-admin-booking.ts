/** `GET /admin/bookings/:id`: shows one booking of any user with its whole history. */
import { type BookingNotice, findBookingContexts, findBookingHistory, findMoves, type PastEvent } from "@holdfast/database";
import { type Booking, parseBookingId } from "@holdfast/domain";
import type { ApiServer } from "../api-server.ts";
import { findAnyBooking } from "../bookings/find-own-booking.ts";
import { entityTag } from "../bookings/if-match.ts";
import { labelsOf } from "../bookings/present-booking.ts";
import { AdminBookingDetails, type AdminBookingDetailsBody } from "../contract/admin-booking.ts";
import { BOOKING_ANSWER_HEADERS } from "../contract/booking.ts";
import { BY_ID_OF_BOOKING } from "../contract/page.ts";
import { ADMIN_PROBLEMS } from "../contract/problems.ts";
import { toInstant } from "../contract/share.ts";
import type { RouteDeps } from "../deps.ts";
import { completeHistory } from "./complete-history.ts";
import { presentAdminBooking } from "./present-admin-booking.ts";

/** Registers `GET /admin/bookings/:id`. */
export function addShowAdminBooking(app: ApiServer, deps: RouteDeps): void {
	app.route({
		method: "GET",
		url: "/bookings/:id",
		schema: {
			operationId: "showAdminBooking",
			summary: "Read one booking of any user with its history",
			description:
				"Returns the booking as it is now, also a change of the last moment that the ledger does not have yet, and a hold: one that expired or " +
				"was released can be read until an hour after its `expiresAt`. `history` has what happened to it, with the moves and the cancel of its " +
				"showtime, its refund, and who of the staff did what and why.",
			tags: ["admin"],
			security: [{ accessToken: [] }],
			params: BY_ID_OF_BOOKING,
			response: { 200: AdminBookingDetails.answer("The booking with its history", BOOKING_ANSWER_HEADERS) },
		},
		config: { problems: ["not_found", ...ADMIN_PROBLEMS] },
		handler: async (request, reply) => {
			const bookingId = parseBookingId(request.params.id, deps.settings.limits.buckets);
			const found = bookingId && (await findAnyBooking(deps, bookingId));
			if (found === null) return reply.problem("not_found");
			reply.header("etag", entityTag(found.booking.version));
			return reply.send(await presentDetails(deps, found.booking, found.nowMs));
		},
	});
}

async function presentDetails({ database, seatPlans }: RouteDeps, booking: Booking, nowMs: number): Promise<AdminBookingDetailsBody> {
	const [plan, contextOf, history, moves] = await Promise.all([
		seatPlans.find(booking.planId, booking.id),
		findBookingContexts(database, [booking]),
		findBookingHistory(database, booking),
		findMoves(database, [booking]),
	]);
	const [context, seatLabels, move] = [contextOf(booking), labelsOf(plan, booking.seats), moves.get(booking.id)];
	const { currency, amounts } = booking;
	return {
		...presentAdminBooking({ booking, seatLabels, readAtMs: nowMs, ...context }),
		prices: seatLabels.map((seat, at) => ({ seat, price: { amount: amounts[at] ?? 0, currency } })),
		rescheduled: move === undefined ? null : { from: presentSpan(move.from), at: toInstant(move.at) },
		notices: history.notices.map(presentNotice),
		history: completeHistory(booking, { events: history.events, refund: context.refund, nowMs }).map(presentEvent),
	};
}

const presentSpan = ({ startsAt, endsAt }: { startsAt: number; endsAt: number }) => ({
	startsAt: toInstant(startsAt),
	endsAt: toInstant(endsAt),
});

const presentNotice = ({ createdAt, ...notice }: BookingNotice): AdminBookingDetailsBody["notices"][number] => ({
	...notice,
	createdAt: toInstant(createdAt),
});

const presentEvent = ({ at, ...event }: PastEvent): AdminBookingDetailsBody["history"][number] => ({ ...event, at: toInstant(at) });
