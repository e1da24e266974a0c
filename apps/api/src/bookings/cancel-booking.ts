/** `DELETE /bookings/:id`: release a hold or cancel a confirmed booking; a repeat answers the same. */
import { parseBookingId } from "@holdfast/domain";
import { unreachable } from "@holdfast/runtime";
import type { ApiServer } from "../api-server.ts";
import { Booking, CHANGE_ANSWER_HEADERS, ChangeHeaders } from "../contract/booking.ts";
import { BY_ID } from "../contract/page.ts";
import { BODY_PROBLEMS, OPENING_PROBLEMS, OWN_PROBLEMS, STORE_PROBLEMS } from "../contract/problems.ts";
import type { RouteDeps } from "../deps.ts";
import { signedInUser } from "../plugins/auth.ts";
import { rejectBody } from "../plugins/reject-body.ts";
import { answerCancelOver } from "./answer-over.ts";
import { changeBooking } from "./change-booking.ts";
import { entityTag, parseIfMatch } from "./if-match.ts";
import { presentChanged } from "./present-changed.ts";

export function addCancelBooking(app: ApiServer, deps: RouteDeps): void {
	app.route({
		method: "DELETE",
		url: "/:id",
		onRequest: app.requireUser,
		preHandler: rejectBody,
		schema: {
			operationId: "cancelBooking",
			summary: "Release or cancel a booking",
			description:
				"A hold is released, a confirmed booking cancelled until its showtime starts; the seats are free at once and the record stays. " +
				"Repeating it answers the same; an expired hold stays expired.",
			tags: ["bookings"],
			security: [{ accessToken: [] }],
			params: BY_ID,
			headers: ChangeHeaders,
			response: { 200: Booking.answer("The booking as it stands now", CHANGE_ANSWER_HEADERS) },
		},
		config: {
			problems: [
				...BODY_PROBLEMS,
				...OWN_PROBLEMS,
				...OPENING_PROBLEMS,
				"showtime_started",
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
				ask: (command) => deps.seatStore.cancelBooking(command),
				answerOver: answerCancelOver,
			});
			switch (result.outcome) {
				case "cancelled":
					reply.outcome = "cancelled";
					return reply.send(await presentChanged(deps, reply, { ...result, prefer: request.headers.prefer }));
				case "version_mismatch":
					return reply.header("etag", entityTag(result.version)).problem("version_mismatch");
				case "not_loaded":
				case "not_ready":
				case "fenced":
					return reply.problem("recovering");
				case "showtime_started":
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
