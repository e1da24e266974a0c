/** Writes the notices of what staff did to bookings: the customer must learn of it. */
import type { BookingAction, SeatPlanId } from "@holdfast/domain";
import { sql } from "drizzle-orm";
import type { Queries } from "../create-database.ts";
import type { NoticeKind } from "../schema/index.ts";
import type { StaffBookingEvent } from "./audit-bookings.ts";
import { insertRows } from "./unnest-rows.ts";

/** What a customer does not know already. Who confirms a hold or buys at the counter stands beside staff. */
const KIND_OF: Partial<Record<BookingAction, NoticeKind>> = {
	"booking.cancelled": "booking.cancelled",
	"booking.revived": "booking.revived",
	"booking.reseated": "booking.reseated",
};

/** Adds the notices of these events, which the ledger did not have. */
export async function noticeBookings(
	queries: Queries,
	events: readonly StaffBookingEvent[],
	{ labelsByPlan }: { readonly labelsByPlan: ReadonlyMap<SeatPlanId, readonly string[]> },
): Promise<void> {
	const rows = events.flatMap((event) => {
		const kind = event.staff.commands.map(({ action }) => KIND_OF[action]).find((known) => known !== undefined);
		return kind === undefined ? [] : [{ event, kind }];
	});
	if (rows.length === 0) return;
	const detailsOf = ({ planId, seats, staff }: StaffBookingEvent, kind: NoticeKind): object => {
		const show = (list: readonly number[]): string[] => list.map((seat) => labelsByPlan.get(planId)?.[seat] ?? String(seat));
		if (kind === "booking.reseated") return { from: show(staff.seatsBefore ?? []), to: show(seats) };
		return kind === "booking.cancelled" ? { reason: "staff" } : {};
	};
	const inserted = insertRows("notices", rows, {
		kind: ["text", ({ kind }) => kind],
		booking_id: ["uuid", ({ event }) => event.bookingId],
		showtime_id: ["uuid", ({ event }) => event.showtimeId],
		version: ["integer", ({ event }) => event.version],
		user_id: ["uuid", ({ event }) => event.userId],
		details: ["jsonb", ({ event, kind }) => JSON.stringify(detailsOf(event, kind))],
	});
	await queries.execute(sql`${inserted} on conflict on constraint notices_once do nothing`);
}
