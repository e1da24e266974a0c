/** A booking that lost a seat to another owner: what becomes of it, and of the money. */
import type { BookingEvent } from "@holdfast/domain";
import { sql } from "drizzle-orm";
import type { Queries } from "../create-database.ts";
import { unnestRows } from "./unnest-rows.ts";

/**
 * Mark the bookings of `losers` CONFLICT and note the refund that they are owed, in the transaction of the caller. The
 * ledger's own transition, so it takes a version of its own: whoever reads both sides sees that the ledger's is the later
 * word. A booking is owed one refund however often it loses; the seat store must be told each time.
 */
export async function markConflicts(queries: Queries, losers: readonly BookingEvent[], bucket: number): Promise<void> {
	if (losers.length === 0) return;
	const given = unnestRows(losers, {
		booking_id: ["uuid", (event) => event.bookingId],
		payload: ["text", (event) => JSON.stringify(event)],
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
			on conflict (booking_id) do update set store_corrected_at = null
		)
		insert into booking_events (booking_id, version, type, bucket, seq, at, payload)
		select id, version, 'booking.conflict', ${bucket}::smallint, null, now(), payload::jsonb from lost
		on conflict (booking_id, version) do nothing`);
}
