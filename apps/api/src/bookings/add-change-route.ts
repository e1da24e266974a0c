/** Registers the confirm and cancel routes. Both share one handler, since they differ only in the seat store command. */
import { parseBookingId } from "@holdfast/domain";
import { unreachable } from "@holdfast/runtime";
import type { ApiServer } from "../api-server.ts";
import { Booking, CHANGE_ANSWER_HEADERS, ChangeHeaders } from "../contract/booking.ts";
import { BY_ID_OF_BOOKING } from "../contract/page.ts";
import { BODY_PROBLEMS, OPENING_PROBLEMS, OWN_PROBLEMS, type ProblemCode, STORE_PROBLEMS } from "../contract/problems.ts";
import type { RouteDeps } from "../deps.ts";
import { signedInUser } from "../plugins/auth.ts";
import { rejectBody } from "../plugins/reject-body.ts";
import { type BookingChange, changeBooking } from "./change-booking.ts";
import { entityTag, parseIfMatch } from "./if-match.ts";
import { presentChanged } from "./present-changed.ts";

/** What differs between the confirm route and the cancel route. */
export type ChangeRoute = Pick<BookingChange, "execute" | "answerAfterEnd"> & {
	readonly method: "POST" | "DELETE";
	readonly url: string;
	readonly operationId: string;
	readonly summary: string;
	readonly description: string;
	/** The description of the 200 response in the OpenAPI document. */
	readonly answer: string;
	/** Problem codes that only this route has. */
	readonly refusals: readonly ProblemCode[];
};

/** Registers one route. A repeated request gets the same answer as the first one. */
export function addChangeRoute(app: ApiServer, deps: RouteDeps, route: ChangeRoute): void {
	const { method, url, operationId, summary, description, answer, refusals, execute, answerAfterEnd } = route;

	app.route({
		method,
		url,
		onRequest: app.requireUser,
		preHandler: rejectBody,
		schema: {
			operationId,
			summary,
			description,
			tags: ["bookings"],
			security: [{ accessToken: [] }],
			params: BY_ID_OF_BOOKING,
			headers: ChangeHeaders,
			response: { 200: Booking.answer(answer, CHANGE_ANSWER_HEADERS) },
		},
		config: {
			problems: [
				...BODY_PROBLEMS,
				...OWN_PROBLEMS,
				...OPENING_PROBLEMS,
				...refusals,
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

			const userId = signedInUser(request).id;
			const result = await changeBooking(deps, { bookingId, userId, ifVersion: ifMatch.ifVersion, execute, answerAfterEnd });
			switch (result.outcome) {
				case "confirmed":
				case "cancelled":
					reply.outcome = result.outcome;
					return reply.send(await presentChanged(deps, reply, { ...result, prefer: request.headers.prefer }));
				case "version_mismatch":
					return reply.header("etag", entityTag(result.version)).problem("version_mismatch");
				case "not_loaded":
				case "not_ready":
				case "fenced":
					return reply.problem("recovering");
				case "hold_expired":
				case "booking_state":
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
