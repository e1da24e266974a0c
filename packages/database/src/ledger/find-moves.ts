/** Reads whether the showtimes of bookings and holds were moved after the seats were taken. */
import type { BookingId, ShowtimeId } from "@holdfast/domain";
import { sql } from "drizzle-orm";
import type { Database } from "../create-database.ts";
import { readFrom } from "../run-queries.ts";
import { unnestRows } from "./unnest-rows.ts";

/** A booking or hold, and the schedule version of its showtime when the seats were taken. */
export type BookedSchedule = { readonly id: BookingId; readonly showtimeId: ShowtimeId; readonly scheduleVersion: number };

/** `from`: start and end when the seats were taken. `at`: when the showtime was last moved. All in epoch ms. */
export type Move = { readonly from: { readonly startsAt: number; readonly endsAt: number }; readonly at: number };

/**
 * Returns the moves by booking; one whose showtime is where it was has no entry. A hold, which the ledger does not have, is found as well.
 * Reads the moves that are settled, about a tenth of a second after they are made.
 */
export async function findMoves(database: Database, bookings: readonly BookedSchedule[]): Promise<ReadonlyMap<BookingId, Move>> {
	if (bookings.length === 0) return new Map();
	const given = unnestRows(bookings, {
		id: ["uuid", ({ id }) => id],
		showtime_id: ["uuid", ({ showtimeId }) => showtimeId],
		schedule_version: ["integer", ({ scheduleVersion }) => scheduleVersion],
	});
	const rows = await readFrom(database, "bookings", (queries) =>
		queries.execute<{ id: BookingId; from_start: number; from_end: number; starts_at: number; ends_at: number; at: number }>(sql`
			select given.id, (earliest.payload -> 'movedFrom' ->> 'startsAt')::float8 as from_start,
				(earliest.payload -> 'movedFrom' ->> 'endsAt')::float8 as from_end,
				(latest.payload ->> 'startsAt')::float8 as starts_at, (latest.payload ->> 'endsAt')::float8 as ends_at,
				(extract(epoch from latest.at) * 1000)::float8 as at
			from ${given}
			cross join lateral (${moveAfter(sql`asc`)}) earliest
			cross join lateral (${moveAfter(sql`desc`)}) latest`),
	);
	return new Map(
		rows.flatMap(({ id, from_start, from_end, starts_at, ends_at, at }) =>
			from_start === starts_at && from_end === ends_at ? [] : [[id, { from: { startsAt: from_start, endsAt: from_end }, at }] as const],
		),
	);
}

const moveAfter = (order: ReturnType<typeof sql>) => sql`
	select payload, at from showtime_events
	where showtime_id = given.showtime_id and schedule_version > given.schedule_version
		and type = 'showtime.rescheduled' and payload ->> 'movedFrom' is not null
	order by schedule_version ${order} limit 1`;
