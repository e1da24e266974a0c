/** `POST /bookings/:id/confirm`: the held seats become the user's, once; a repeat answers the same. */
import { parseBookingId } from "@holdfast/domain";
import { unreachable } from "@holdfast/runtime";
import type { ApiServer } from "../api-server.ts";
import { Booking, CHANGE_ANSWER_HEADERS, ChangeHeaders } from "../contract/booking.ts";
import { BY_ID } from "../contract/page.ts";
import { BODY_PROBLEMS, OPENING_PROBLEMS, OWN_PROBLEMS, STORE_PROBLEMS } from "../contract/problems.ts";
import type { RouteDeps } from "../deps.ts";
import { signedInUser } from "../plugins/auth.ts";
import { rejectBody } from "../plugins/reject-body.ts";
import { answerConfirmOver } from "./answer-over.ts";
import { changeBooking } from "./change-booking.ts";
import { entityTag, parseIfMatch } from "./if-match.ts";
import { presentChanged } from "./present-changed.ts";

export function addConfirmBooking(app: ApiServer, deps: RouteDeps): void {
	app.route({
		method: "POST",
		url: "/:id/confirm",
		onRequest: app.requireUser,
		preHandler: rejectBody,
		schema: {
			operationId: "confirmBooking",
			summary: "Confirm a booking",
			description: "Once, and all of its seats. Repeating it answers the same. Takes no body, or `{}`.",
			tags: ["bookings"],
			security: [{ accessToken: [] }],
			params: BY_ID,
			headers: ChangeHeaders,
			response: { 200: Booking.answer("The booking is confirmed", CHANGE_ANSWER_HEADERS) },
		},
		config: {
			problems: [
				...BODY_PROBLEMS,
				...OWN_PROBLEMS,
				...OPENING_PROBLEMS,
				"booking_state",
				"hold_expired",
				"version_mismatch",
				"busy",
				"outcome_unknown",
				...STORE_PROBLEMS,
			],
		},
		handler: async (request, reply) => {
			const bookingId = parseBookingId(request.params.id, deps.settings.limits.buckets);
			if (bookingId === null) return reply.problem("not_found");
			const ifMatch = parseIfMatch(request.headers["if-match"]);
			if (ifMatch.outcome === "malformed")
				return reply.problem("invalid_request", { errors: [{ pointer: "/headers/if-match", message: ifMatch.message }] });

			const result = await changeBooking(deps, {
				bookingId,
				userId: signedInUser(request).id,
				ifVersion: ifMatch.ifVersion,
				ask: (command) => deps.seatStore.confirmBooking(command),
				answerOver: answerConfirmOver,
			});
			switch (result.outcome) {
				case "confirmed":
					reply.outcome = "confirmed";
					return reply.send(await presentChanged(deps, reply, { ...result, prefer: request.headers.prefer }));
				case "version_mismatch":
					return reply.header("etag", entityTag(result.version)).problem("version_mismatch");
				case "not_loaded":
				case "not_ready":
				case "fenced":
					return reply.problem("recovering");
				case "hold_expired":
				case "booking_state":
				case "showtime_closed":
				case "showtime_cancelled":
				case "busy":
				case "not_found":
				case "recovering":
					return reply.problem(result.outcome);
				default:
					return unreachable(result);
			}
		},
	});
}
