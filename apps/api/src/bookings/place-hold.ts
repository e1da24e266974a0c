/** `POST /bookings`: holds all of the requested seats or none. */
import { DEFAULT_LIMITS, parseShowtimeId } from "@holdfast/domain";
import { unreachable } from "@holdfast/runtime";
import type { FastifyContextConfig } from "fastify";
import { Type } from "typebox";
import type { ApiServer } from "../api-server.ts";
import { BOOKING_ANSWER_HEADERS, Booking, HoldRequest, IdempotencyHeaders } from "../contract/booking.ts";
import { BODY_PROBLEMS, EXACT_DETAILS, OPENING_PROBLEMS, OWN_PROBLEMS, STORE_PROBLEMS } from "../contract/problems.ts";
import type { RouteDeps } from "../deps.ts";
import { signedInUser } from "../plugins/auth.ts";
import { announceOpening } from "./announce-opening.ts";
import { findOwnBooking } from "./find-own-booking.ts";
import { holdSeats } from "./hold-seats.ts";
import { entityTag } from "./if-match.ts";
import { labelsOf, presentBooking } from "./present-booking.ts";

const SCHEMA = {
	operationId: "placeHold",
	summary: "Hold seats of a showtime",
	description:
		"Holds all of the requested seats or none. The booking is `pending` until it is confirmed or released, or expires. Seats can be " +
		"held while `sales` of the showtime is `open`. Otherwise the answer is `not_on_sale`, with `salesOpenAt` if sales have not opened " +
		"yet, and with `Retry-After` if they open within the hour; if `state` is `closed`, and from `endsAt` on, it is `showtime_closed`; " +
		"if the showtime is cancelled, `showtime_cancelled`. A user can place a " +
		`limited number of holds within an hour (${DEFAULT_LIMITS.holdsPerHourMax} by default); released and expired ones count. Above ` +
		"that limit the answer is 429, and `Retry-After` says when the next hold is possible: up to an hour later.",
	tags: ["bookings"],
	security: [{ accessToken: [] }],
	headers: IdempotencyHeaders,
	body: HoldRequest.ref,
	response: {
		201: Booking.answer("The booking that holds the seats", {
			...BOOKING_ANSWER_HEADERS,
			Location: Type.String({ description: "Path of the booking" }),
			"Idempotency-Replayed": Type.String({
				description:
					"`true` if this `Idempotency-Key` was used before. The answer is then the existing booking with its current status, which may " +
					"be `expired`, `cancelled` or `confirmed`; absent otherwise",
			}),
		}),
	},
};

const CONFIG: FastifyContextConfig = {
	problems: [
		...BODY_PROBLEMS,
		...OWN_PROBLEMS,
		...OPENING_PROBLEMS,
		"unknown_seats",
		"seats_taken",
		"seat_limit",
		"hold_limit",
		"not_on_sale",
		"idempotency_mismatch",
		"busy",
		"outcome_unknown",
		...STORE_PROBLEMS,
	],
	exactDetails: ["hourly_limit"],
};

/** Registers `POST /bookings`. */
export function addPlaceHold(app: ApiServer, deps: RouteDeps): void {
	const { buckets, seatsPerBookingMax } = deps.settings.limits;

	app.route({
		method: "POST",
		url: "",
		onRequest: app.requireUser,
		schema: SCHEMA,
		config: CONFIG,
		handler: async (request, reply) => {
			const user = signedInUser(request);
			const { showtimeId: requestedId, seats: labels } = request.body;
			const showtimeId = parseShowtimeId(requestedId, buckets);
			if (showtimeId === null) return reply.problem("not_found");
			if (labels.length > seatsPerBookingMax) {
				const message = `must NOT have more than ${seatsPerBookingMax} items`;
				return reply.problem("invalid_request", { errors: [{ pointer: "/seats", message }] });
			}
			const idempotencyKey = request.headers["idempotency-key"] ?? null;
			const held = await holdSeats(deps.installedShowtimes, {
				showtimeId,
				labels,
				// Checked again: a slow body or a rebuild may have taken a while, and a deleted account must not get seats after its holds were
				// released.
				place: async (hold) => {
					if (await deps.authStore.isDenied(user.family, user.id)) return { outcome: "unauthenticated" as const };
					return deps.seatStore.placeHold({ ...hold, userId: user.id, idempotencyKey });
				},
			});
			if (held.outcome === "unknown_seats") return reply.problem("unknown_seats", { seats: held.labels });
			if (held.outcome !== "judged") return reply.problem(held.outcome);

			const { result, plan } = held;
			switch (result.outcome) {
				case "held": {
					const { booking, nowMs } = result;
					deps.showtimeOfBooking.set(booking.id, showtimeId);
					deps.holdCounts.placed += 1;
					reply.outcome = "held";
					reply.code(201).headers({ etag: entityTag(booking.version), location: `${app.prefix}/${booking.id}` });
					return reply.send(presentBooking(booking, plan, nowMs));
				}
				case "replayed": {
					const found = await findOwnBooking(deps, result.bookingId, user.id);
					if (found === null) return reply.problem("not_found");
					const { booking, nowMs } = found;
					reply.outcome = "replayed";
					reply.code(201).headers({
						etag: entityTag(booking.version),
						location: `${app.prefix}/${booking.id}`,
						"idempotency-replayed": "true",
					});
					return reply.send(presentBooking(booking, plan, nowMs));
				}
				case "seats_taken":
					return reply.problem("seats_taken", { seats: labelsOf(plan, result.seats) });
				case "hourly_limit":
					return reply.problem("too_many_requests", {
						detail: EXACT_DETAILS.hourly_limit.detail,
						retryAfterSeconds: Math.ceil(result.retryInMs / 1000),
						outcome: result.outcome,
					});
				case "not_on_sale":
					return reply.problem("not_on_sale", announceOpening(result));
				case "seat_limit":
				case "hold_limit":
				case "showtime_closed":
				case "showtime_cancelled":
				case "idempotency_mismatch":
				case "unauthenticated":
					return reply.problem(result.outcome);
				default:
					return unreachable(result);
			}
		},
	});
}
