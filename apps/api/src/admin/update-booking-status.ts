/** `PUT /admin/bookings/:id/status`: confirms, releases or cancels a booking of any user, or brings a cancelled one back. */
import { type Booking, parseBookingId, type StaffCommand } from "@holdfast/domain";
import { driveRevive, RECORDED_WAIT_MS } from "@holdfast/showtime-actions";
import type { ApiServer } from "../api-server.ts";
import { answerCancelAfterEnd, answerConfirmAfterEnd } from "../bookings/answer-after-end.ts";
import { changeBooking } from "../bookings/change-booking.ts";
import { findAnyBooking } from "../bookings/find-own-booking.ts";
import { AdminBooking } from "../contract/admin-booking.ts";
import { CHANGE_ANSWER_HEADERS } from "../contract/booking.ts";
import { BookingStatusChange, STAFF_CHANGE_HEADERS } from "../contract/booking-change.ts";
import { BY_ID_OF_BOOKING } from "../contract/page.ts";
import { ADMIN_CHANGE_PROBLEMS, OPENING_PROBLEMS } from "../contract/problems.ts";
import type { RouteDeps } from "../deps.ts";
import { actionDeps } from "./action-deps.ts";
import { commandOf, parseVersionCondition, refuseIfMatch } from "./admin-request.ts";
import { answerBookingChange, type BookingChangeOutcome, findBookingAnswer, isRevivable } from "./answer-booking-change.ts";
import { withAcceptedVersion } from "./with-accepted-version.ts";

/** What a customer gets back unless staff say otherwise. */
const REFUND_PERCENT_DEFAULT = 100;

const SCHEMA = {
	operationId: "updateBookingStatus",
	summary: "Confirm, release, cancel or revive a booking",
	description:
		"`confirmed` confirms a hold of any user, without a payment, or revives a cancelled booking: it gets its seats back if they are free, and a " +
		"refund that is not paid yet is withdrawn. Limits of users do not count. `cancelled` releases a hold, or cancels a confirmed booking, also " +
		"after the start of its showtime; `refundPercent` says how much of the price is owed to the customer. A booking that has the status " +
		"already is answered 200 and stays as it is, also with another `refundPercent`. Nothing can be changed once the live seats of a past " +
		"showtime are deleted, a day after its end: the answer is `showtime_closed`. To release only a hold, send `If-Match`: otherwise a " +
		"booking confirmed meanwhile is cancelled.",
	tags: ["admin"],
	security: [{ accessToken: [] }],
	params: BY_ID_OF_BOOKING,
	headers: STAFF_CHANGE_HEADERS,
	body: BookingStatusChange.ref,
	response: { 200: AdminBooking.answer("The booking after the change", CHANGE_ANSWER_HEADERS) },
};

/** Registers `PUT /admin/bookings/:id/status`. */
export function addUpdateBookingStatus(app: ApiServer, deps: RouteDeps): void {
	app.route({
		method: "PUT",
		url: "/bookings/:id/status",
		schema: SCHEMA,
		config: {
			problems: [
				...ADMIN_CHANGE_PROBLEMS,
				...OPENING_PROBLEMS,
				"version_mismatch",
				"transition_not_allowed",
				"hold_expired",
				"seats_taken",
				"money_moved",
				"unknown_user",
				"busy",
			],
		},
		handler: async (request, reply) => {
			const condition = parseVersionCondition(request.headers["if-match"]);
			if (condition.outcome === "malformed") return refuseIfMatch(reply, condition.message);
			const { status, reason, refundPercent } = request.body;
			const bookingId = parseBookingId(request.params.id, deps.settings.limits.buckets);
			const found = bookingId && (await findAnyBooking(deps, bookingId));
			if (found === null) return reply.problem("not_found");
			const { booking } = found;
			if (refundPercent !== undefined && (status === "confirmed" || booking.confirmedAt === null)) {
				const message = "is only for the cancel of a confirmed booking";
				return reply.problem("invalid_request", { errors: [{ pointer: "/refundPercent", message }] });
			}
			const command = commandOf(request, reason);
			const result = await withAcceptedVersion<BookingChangeOutcome>(condition.ifVersions, booking.version, (ifVersion) => {
				if (status === "cancelled") return cancel(deps, { booking, ifVersion, command }, refundPercent ?? REFUND_PERCENT_DEFAULT);
				return isRevivable(booking) ? revive(deps, { booking, ifVersion, command }) : confirm(deps, { booking, ifVersion, command });
			});
			return answerBookingChange(reply, await findBookingAnswer(deps, reply, { booking, prefer: request.headers.prefer }, result));
		},
	});
}

type Change = { readonly booking: Booking; readonly ifVersion: number | null; readonly command: StaffCommand };

const confirm = (deps: RouteDeps, { booking: { id, userId }, ifVersion, command }: Change): Promise<BookingChangeOutcome> =>
	changeBooking(deps, {
		bookingId: id,
		userId,
		ifVersion,
		execute: (own) => deps.seatStore.confirmByStaff({ ...own, command }),
		answerAfterEnd: answerConfirmAfterEnd,
	});

const cancel = (
	deps: RouteDeps,
	{ booking: { id, userId }, ifVersion, command }: Change,
	refundPercent: number,
): Promise<BookingChangeOutcome> =>
	changeBooking<BookingChangeOutcome>(deps, {
		bookingId: id,
		userId,
		ifVersion,
		execute: (own) => deps.seatStore.cancelByStaff({ ...own, command, refundPercent }),
		answerAfterEnd(found, version) {
			const answer = answerCancelAfterEnd(found, version);
			// The start alone would not be a reason; without the live seats nothing can be changed.
			return answer.outcome === "showtime_started" ? { outcome: "showtime_closed" } : answer;
		},
	});

/** A cancel of a moment ago is in the ledger soon, where the refund is withheld: so the revive waits for it. */
async function revive(deps: RouteDeps, { booking, ifVersion, command }: Change): Promise<BookingChangeOutcome> {
	const { id: bookingId, showtimeId, userId } = booking;
	const drive = () =>
		driveRevive({ ...actionDeps(deps), seatStore: deps.seatStore }, { bookingId, showtimeId, userId, ifVersion, command });
	const first = await drive();
	if (first.outcome !== "not_recorded") return first;
	return (await deps.awaitRecorded(booking, RECORDED_WAIT_MS / 1_000)) ? drive() : first;
}
