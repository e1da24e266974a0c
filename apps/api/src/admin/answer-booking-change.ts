/** Answers a change of a booking by staff: the booking, or the problem that the outcome means. */
import { type Booking, statusOf } from "@holdfast/domain";
import { assert, unreachable } from "@holdfast/runtime";
import type { ConfirmOutcome, ReseatOutcome, StaffCancelOutcome } from "@holdfast/seat-store";
import type { DriveReviveOutcome } from "@holdfast/showtime-actions";
import type { FastifyReply } from "fastify";
import { findAnyBooking } from "../bookings/find-own-booking.ts";
import { labelsOf } from "../bookings/present-booking.ts";
import type { AdminBookingBody } from "../contract/admin-booking.ts";
import { STAFF_STATUSES } from "../contract/booking-change.ts";
import type { ProblemCode } from "../contract/problems.ts";
import type { RouteDeps } from "../deps.ts";
import type { ProblemExtras } from "../plugins/send-problems.ts";
import type { NotOpen } from "../showtimes/open-showtime.ts";
import { readBookingForStaff } from "./read-booking-for-staff.ts";
import { readChangedBooking } from "./read-changed-booking.ts";
import { refuseVersion, sendVersioned } from "./send-versioned.ts";

/** The outcome of a change of a booking by staff. */
export type BookingChangeOutcome =
	| ConfirmOutcome
	| StaffCancelOutcome
	| ReseatOutcome
	| DriveReviveOutcome
	| { readonly outcome: "unknown_seats"; readonly labels: readonly string[] }
	| NotOpen;

/** `changed`: the booking after the change. `version_mismatch`: the booking as it is. */
type BookingAnswer =
	| { readonly answer: "changed"; readonly outcome: string; readonly booking: AdminBookingBody }
	| { readonly answer: "version_mismatch"; readonly booking: AdminBookingBody }
	| { readonly answer: "problem"; readonly code: ProblemCode; readonly extras?: ProblemExtras };

/** Sends the answer of `findBookingAnswer`. The handler returns the result to Fastify. */
export function answerBookingChange(reply: FastifyReply, answer: BookingAnswer): FastifyReply {
	switch (answer.answer) {
		case "changed":
			reply.outcome = answer.outcome;
			return sendVersioned(reply, answer.booking);
		case "version_mismatch":
			return refuseVersion(reply, answer.booking);
		case "problem":
			return reply.problem(answer.code, answer.extras);
	}
}

/** Returns the answer to a change with this result. `booking`: as it was before the change. `prefer`: the request header. */
export async function findBookingAnswer(
	deps: RouteDeps,
	reply: Pick<FastifyReply, "header">,
	{ booking, prefer }: { readonly booking: Booking; readonly prefer: string | undefined },
	result: BookingChangeOutcome,
): Promise<BookingAnswer> {
	switch (result.outcome) {
		case "confirmed":
		case "cancelled":
		case "reseated":
			// An expired hold is left as it is.
			if (statusOf(result.booking, result.nowMs) === "expired") return problem("hold_expired");
			return { answer: "changed", outcome: result.outcome, booking: await readChangedBooking(deps, reply, { ...result, prefer }) };
		case "version_mismatch":
			return { answer: "version_mismatch", booking: await readBookingForStaff(deps, await findKnown(deps, booking)) };
		case "booking_state":
			return refuseTransition(await findKnown(deps, booking));
		case "seats_taken":
			return problem("seats_taken", { seats: labelsOf(await deps.seatPlans.find(booking.planId, booking.id), result.seats) });
		case "unknown_seats":
			return problem("unknown_seats", { seats: [...result.labels] });
		case "seat_count_differs":
			return refuseSeats(result.outcome, `must have exactly ${result.count} items`);
		case "amount_differs":
			return refuseSeats(result.outcome, `must cost ${result.amount} together, in the smallest unit of ${booking.currency}`);
		case "user_deleted":
			return problem("unknown_user");
		case "not_opened":
			return problem(refusalOf(result.reason));
		case "not_loaded":
		case "not_ready":
		case "fenced":
			return problem("recovering");
		case "not_recorded":
		case "too_late":
			return problem("busy");
		case "hold_expired":
		case "money_moved":
		case "showtime_closed":
		case "showtime_cancelled":
		case "busy":
		case "not_found":
		case "recovering":
			return problem(result.outcome);
		default:
			return unreachable(result);
	}
}

const problem = (code: ProblemCode, extras: ProblemExtras = {}): BookingAnswer => ({ answer: "problem", code, extras });

const refuseSeats = (code: ProblemCode, message: string): BookingAnswer => problem(code, { errors: [{ pointer: "/seats", message }] });

/** The problem that says why a showtime could not be opened. */
const refusalOf = (reason: string): ProblemCode =>
	reason === "showtime_closed" || reason === "showtime_cancelled" ? reason : "recovering";

type FoundBooking = { readonly booking: Booking; readonly nowMs: number };

/** Returns the booking as it is now. */
async function findKnown(deps: RouteDeps, { id }: Booking): Promise<FoundBooking> {
	const found = await findAnyBooking(deps, id);
	assert(found !== null, `booking ${id} was found and is there no longer`);
	return found;
}

/** 410 for an expired hold, and otherwise 409 with the statuses that the booking can get. */
function refuseTransition({ booking, nowMs }: FoundBooking): BookingAnswer {
	if (statusOf(booking, nowMs) === "expired") return problem("hold_expired");
	return problem("transition_not_allowed", { allowed: allowedFrom(booking, nowMs) });
}

/** The statuses that staff can give a booking. */
function allowedFrom(booking: Booking, nowMs: number): (typeof STAFF_STATUSES)[number][] {
	switch (statusOf(booking, nowMs)) {
		case "pending":
			return [...STAFF_STATUSES];
		case "confirmed":
			return ["cancelled"];
		case "cancelled":
			return isRevivable(booking) ? ["confirmed"] : [];
		case "expired":
			return [];
	}
}

/** Whether the booking was confirmed and then cancelled. A hold that was released was never sold, and a conflict has other owners. */
export const isRevivable = ({ state, confirmedAt }: Booking): boolean => state === "CANCELLED" && confirmedAt !== null;
