/** `PUT /admin/bookings/:id/seats`: moves a confirmed booking of any user to other seats of the same price. */
import { amountsOfReseat, type Booking, findSeats, parseBookingId, type StaffCommand } from "@holdfast/domain";
import type { ChangeBookingCommand } from "@holdfast/seat-store";
import type { ApiServer } from "../api-server.ts";
import { answerReseatAfterEnd } from "../bookings/answer-after-end.ts";
import { changeBooking } from "../bookings/change-booking.ts";
import { findAnyBooking } from "../bookings/find-own-booking.ts";
import { pricesOf } from "../bookings/hold-seats.ts";
import { AdminBooking } from "../contract/admin-booking.ts";
import { CHANGE_ANSWER_HEADERS } from "../contract/booking.ts";
import { BookingReseat, STAFF_CHANGE_HEADERS } from "../contract/booking-change.ts";
import { BY_ID_OF_BOOKING } from "../contract/page.ts";
import { ADMIN_CHANGE_PROBLEMS, OPENING_PROBLEMS } from "../contract/problems.ts";
import type { RouteDeps } from "../deps.ts";
import { commandOf, parseVersionCondition, refuseIfMatch } from "./admin-request.ts";
import { answerBookingChange, type BookingChangeOutcome, findBookingAnswer } from "./answer-booking-change.ts";
import { withAcceptedVersion } from "./with-accepted-version.ts";

const SCHEMA = {
	operationId: "updateBookingSeats",
	summary: "Move a booking to other seats",
	description:
		"Moves a confirmed booking to other seats of its showtime: all of them or none. It may keep some of its seats. The number of seats and the " +
		"price of all seats together stay: seats of the same price class keep what was paid for them, and seats of another class must add up " +
		"to the same price now. Blocked seats can be given and are no longer blocked then. The seats that the booking leaves are free at once. " +
		"A booking that has these seats already is answered 200 and stays as it is.",
	tags: ["admin"],
	security: [{ accessToken: [] }],
	params: BY_ID_OF_BOOKING,
	headers: STAFF_CHANGE_HEADERS,
	body: BookingReseat.ref,
	response: { 200: AdminBooking.answer("The booking with its new seats", CHANGE_ANSWER_HEADERS) },
};

/** Registers `PUT /admin/bookings/:id/seats`. */
export function addUpdateBookingSeats(app: ApiServer, deps: RouteDeps): void {
	app.route({
		method: "PUT",
		url: "/bookings/:id/seats",
		schema: SCHEMA,
		config: {
			problems: [
				...ADMIN_CHANGE_PROBLEMS,
				...OPENING_PROBLEMS,
				"version_mismatch",
				"transition_not_allowed",
				"hold_expired",
				"seats_taken",
				"unknown_seats",
				"seat_count_differs",
				"amount_differs",
				"busy",
			],
		},
		handler: async (request, reply) => {
			const condition = parseVersionCondition(request.headers["if-match"]);
			if (condition.outcome === "malformed") return refuseIfMatch(reply, condition.message);
			const { seats, reason } = request.body;
			const bookingId = parseBookingId(request.params.id, deps.settings.limits.buckets);
			const found = bookingId && (await findAnyBooking(deps, bookingId));
			if (found === null) return reply.problem("not_found");
			const { booking } = found;
			const command = commandOf(request, reason);
			const result = await reseat(deps, { booking, labels: seats, ifVersions: condition.ifVersions, command });
			return answerBookingChange(reply, await findBookingAnswer(deps, reply, { booking, prefer: request.headers.prefer }, result));
		},
	});
}

type Reseat = {
	readonly booking: Booking;
	readonly labels: readonly string[];
	readonly ifVersions: readonly number[] | null;
	readonly command: StaffCommand;
};

async function reseat(deps: RouteDeps, { booking, labels, ifVersions, command }: Reseat): Promise<BookingChangeOutcome> {
	const plan = await deps.seatPlans.find(booking.planId, booking.id);
	const found = findSeats(plan, labels);
	if (found.outcome === "unknown_seats") return found;
	const seats = found.indexes.toSorted((a, b) => a - b);

	async function execute(own: ChangeBookingCommand): Promise<BookingChangeOutcome> {
		// A reseat is rare, so it reads the prices instead of using a copy that may be old.
		deps.installedShowtimes.forget(booking.showtimeId);
		const live = await deps.installedShowtimes.find(booking.showtimeId);
		if (live.outcome !== "found") return live;
		const { prices } = live.showtime;
		// Without amounts that add up, the script says what is wrong, after it has checked the version and the state.
		const amounts = amountsOfReseat({ plan, prices, from: booking, to: seats }) ?? pricesOf(live.showtime, plan, seats);
		return deps.seatStore.reseatBooking({ ...own, command, seats, amounts });
	}
	return withAcceptedVersion<BookingChangeOutcome>(ifVersions, booking.version, (ifVersion) =>
		changeBooking<BookingChangeOutcome>(deps, {
			bookingId: booking.id,
			userId: booking.userId,
			ifVersion,
			execute,
			answerAfterEnd: (current, version) => answerReseatAfterEnd(current, { seats, ifVersion: version }),
		}),
	);
}
