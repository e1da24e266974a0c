/** Writes the notices of moved showtimes: one per confirmed booking and schedule version that is newer than the booking's. */
import type { BookingId, ShowtimeId } from "@holdfast/domain";
import { sql } from "drizzle-orm";
import type { Queries } from "../create-database.ts";

/** `moved`: showtimes of which a move is being settled. `bookings`: bookings being settled that were bought under an older schedule. */
type Settling = { readonly moved: readonly ShowtimeId[]; readonly bookings: readonly BookingId[] };

/**
 * Adds the missing notices, in one statement and in the caller's transaction. The condition is what the ledger has, not what the batch
 * contains: a booking that is settled after the move gets the notice that the others got before, and a redelivery adds none. Call it after
 * bookings and showtimes are recorded.
 */
export async function noticeMoves(queries: Queries, { moved, bookings }: Settling): Promise<void> {
	if (moved.length === 0 && bookings.length === 0) return;
	await queries.execute(sql`
		insert into notices (kind, booking_id, showtime_id, version, user_id, details)
		select 'showtime.rescheduled', bookings.id, moves.showtime_id, moves.schedule_version, bookings.user_id, jsonb_build_object(
			'from', moves.payload -> 'movedFrom',
			'to', jsonb_build_object('startsAt', moves.payload -> 'startsAt', 'endsAt', moves.payload -> 'endsAt'))
		from bookings join showtime_events moves on moves.showtime_id = bookings.showtime_id
		where (bookings.showtime_id = any(${sql.param(moved)}::uuid[]) or bookings.id = any(${sql.param(bookings)}::uuid[]))
			and bookings.state = 'CONFIRMED' and bookings.schedule_version < moves.schedule_version
			and moves.type = 'showtime.rescheduled' and moves.payload ->> 'movedFrom' is not null
		on conflict on constraint notices_once do nothing`);
}
