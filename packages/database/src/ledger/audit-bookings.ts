/** Writes the audit rows of what staff did to bookings, when it is settled: one row per command. */
import { type BookingCommand, type BookingEvent, type BookingStaff, type ReleaseEvent, refundOf, type SeatPlanId } from "@holdfast/domain";
import type { Queries } from "../create-database.ts";
import type { AuditFields } from "../schema/index.ts";
import { insertRows } from "./unnest-rows.ts";

/** An event that staff caused. */
export type StaffBookingEvent = (BookingEvent | ReleaseEvent) & { readonly staff: BookingStaff };

/** Returns whether staff caused the event. */
export const isOfStaff = <Event extends BookingEvent | ReleaseEvent>(event: Event): event is Event & StaffBookingEvent =>
	event.staff !== null;

type Labels = { readonly labelsByPlan: ReadonlyMap<SeatPlanId, readonly string[]> };
type Changes = { readonly before: AuditFields | null; readonly after: AuditFields };

/** Adds one row per command, in the order of the events. Call it with events that the ledger did not have, in the transaction that adds them. */
export async function auditBookings(queries: Queries, events: readonly StaffBookingEvent[], labels: Labels): Promise<void> {
	if (events.length === 0) return;
	const rows = events.flatMap((event) => event.staff.commands.map((command) => ({ event, command, ...changesOf(event, command, labels) })));
	await queries.execute(
		insertRows("audit_events", rows, {
			at: ["instant", ({ event }) => event.at],
			actor: ["uuid", ({ command }) => command.actor],
			action: ["text", ({ command }) => command.action],
			target_type: ["text", () => "booking"],
			target_id: ["uuid", ({ event }) => event.bookingId],
			showtime_id: ["uuid", ({ event }) => event.showtimeId],
			before: ["jsonb", ({ before }) => before && JSON.stringify(before)],
			after: ["jsonb", ({ after }) => JSON.stringify(after)],
			reason: ["text", ({ command }) => command.reason],
			request_id: ["text", ({ command }) => command.requestId],
		}),
	);
}

/** Returns what the command changed, in the words of the API. Seats are labels; the customer is an id. */
function changesOf(event: StaffBookingEvent, { action }: BookingCommand, { labelsByPlan }: Labels): Changes {
	const labels = labelsByPlan.get(event.planId) ?? [];
	const show = (seats: readonly number[]): string[] => seats.map((seat) => labels[seat] ?? String(seat));
	const { userId, amount, currency, staff } = event;
	const seats = show(event.seats);
	switch (action) {
		case "booking.sold":
			return { before: null, after: { status: "confirmed", userId, seats, amount, currency } };
		case "booking.confirmed":
			return { before: { status: "pending" }, after: { status: "confirmed", userId, seats, amount, currency } };
		case "booking.cancelled": {
			const refundPercent = staff.refundPercent ?? 0;
			const refund = { refundPercent, refundAmount: refundOf(amount, refundPercent), currency };
			return { before: { status: "confirmed" }, after: { status: "cancelled", seats, ...refund } };
		}
		case "booking.revived":
			return { before: { status: "cancelled" }, after: { status: "confirmed", userId, seats, amount, currency } };
		case "booking.reseated":
			return { before: { seats: show(staff.seatsBefore ?? []) }, after: { seats } };
		case "booking.released":
			return { before: { status: "pending" }, after: { status: "cancelled", userId, seats } };
	}
}
