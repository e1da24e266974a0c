/** Marks bookings that lost a seat to another booking, and records their refunds. */
import type { BookingEvent } from "@holdfast/domain";
import { sql } from "drizzle-orm";
import type { Queries } from "../create-database.ts";
import { unnestRows } from "./unnest-rows.ts";

const isOpen = sql`refunds.state in ('due', 'withdrawing', 'not_owed')`;

/**
 * Sets the bookings of `losers` to CONFLICT and records the refund of each, in the caller's transaction. This transition happens in the
 * ledger only and increases the version, so that the ledger's copy of the booking is newer than the seat store's. A booking is owed one
 * refund however often it loses, but the seat store must be corrected each time. What was withdrawn or withheld for a revive is owed in
 * full; what was paid stays paid.
 */
export async function markConflicts(queries: Queries, losers: readonly BookingEvent[], bucket: number): Promise<void> {
	if (losers.length === 0) return;
	const given = unnestRows(losers, {
		booking_id: ["uuid", (event) => event.bookingId],
		payload: ["text", (event) => JSON.stringify({ ...event, staff: null })],
	});
	await queries.execute(sql`
		with lost as (
			update bookings set state = 'CONFLICT', version = version + 1
			from ${given}
			where bookings.id = given.booking_id
			returning bookings.id, bookings.version, bookings.showtime_id, bookings.amount, bookings.currency, given.payload
		), owed as (
			insert into refunds (booking_id, showtime_id, reason, amount, currency)
			select id, showtime_id, 'conflict', amount, currency from lost
			on conflict (booking_id) do update set store_corrected_at = null, reason = 'conflict',
				withdraw_version = null, withdraw_until = null,
				state = case when ${isOpen} then 'due' else refunds.state end,
				amount = case when ${isOpen} then excluded.amount else refunds.amount end,
				percent = case when ${isOpen} then 100 else refunds.percent end
		)
		insert into booking_events (booking_id, version, type, bucket, seq, at, payload)
		select id, version, 'booking.conflict', ${bucket}::smallint, null, now(), payload::jsonb from lost
		on conflict (booking_id, version) do nothing`);
}
