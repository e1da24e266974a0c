/** `POST /admin/bookings`: sells seats for a customer, with or without an account. */
import { parseShowtimeId } from "@holdfast/domain";
import { Type } from "typebox";
import type { ApiServer } from "../api-server.ts";
import { AdminBooking } from "../contract/admin-booking.ts";
import { CHANGE_ANSWER_HEADERS } from "../contract/booking.ts";
import { STAFF_SALE_HEADERS, StaffSale } from "../contract/booking-change.ts";
import { ADMIN_CHANGE_PROBLEMS, OPENING_PROBLEMS } from "../contract/problems.ts";
import type { RouteDeps } from "../deps.ts";
import { commandOf } from "./admin-request.ts";
import { readChangedBooking } from "./read-changed-booking.ts";
import { findCustomer, sellByStaff } from "./sell-by-staff.ts";
import { sendVersioned } from "./send-versioned.ts";

const SCHEMA = {
	operationId: "sellSeats",
	summary: "Sell seats for a customer",
	description:
		"Sells seats at the counter or by telephone: all of them or none. Blocked seats can be sold and are no longer blocked then; the sales window, " +
		"a pause and the limits of users do not count, until the showtime has ended. Never a seat that is held or sold. The booking belongs to " +
		"the account with `userId` or `email`; without both it is for a customer without an account, and its `user` is the account of the box " +
		"office, which cannot sign in. With `confirm: false` the seats are only held.",
	tags: ["admin"],
	security: [{ accessToken: [] }],
	headers: STAFF_SALE_HEADERS,
	body: StaffSale.ref,
	response: {
		201: AdminBooking.answer("The booking", {
			...CHANGE_ANSWER_HEADERS,
			Location: Type.String({ description: "Path of the booking" }),
			"Idempotency-Replayed": Type.String({
				description: "`true` if this `Idempotency-Key` was used before: the answer is the existing booking. Absent otherwise",
			}),
		}),
	},
};

/** Registers `POST /admin/bookings`. */
export function addSellSeats(app: ApiServer, deps: RouteDeps): void {
	app.route({
		method: "POST",
		url: "/bookings",
		schema: SCHEMA,
		config: {
			problems: [
				...ADMIN_CHANGE_PROBLEMS,
				...OPENING_PROBLEMS,
				"unknown_user",
				"unknown_seats",
				"seats_taken",
				"idempotency_mismatch",
				"hold_expired",
				"booking_state",
				"busy",
			],
		},
		handler: async (request, reply) => {
			const { showtimeId: requestedId, seats: labels, userId, email, confirm: confirms = true, reason = null } = request.body;
			if (userId !== undefined && email !== undefined)
				return reply.problem("invalid_request", { errors: [{ pointer: "", message: "must not have both userId and email" }] });
			const showtimeId = parseShowtimeId(requestedId, deps.settings.limits.buckets);
			if (showtimeId === null) return reply.problem("not_found");
			const customer = await findCustomer(deps.database, { userId, email });
			if (customer === null) return reply.problem("unknown_user");
			const { "idempotency-key": idempotencyKey = null, prefer } = request.headers;
			const sale = await sellByStaff(deps, {
				showtimeId,
				userId: customer,
				labels,
				confirms,
				idempotencyKey,
				command: commandOf(request, reason),
			});
			switch (sale.outcome) {
				case "sold":
					reply.outcome = sale.isReplay ? "replayed" : "sold";
					reply.code(201).headers({
						location: `${app.prefix}/bookings/${sale.booking.id}`,
						...(sale.isReplay && { "idempotency-replayed": "true" }),
					});
					return sendVersioned(reply, await readChangedBooking(deps, reply, { ...sale, prefer }));
				case "seats_taken":
				case "unknown_seats":
					return reply.problem(sale.outcome, { seats: [...sale.labels] });
				default:
					return reply.problem(sale.outcome);
			}
		},
	});
}
