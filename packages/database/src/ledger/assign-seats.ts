/**
 * Give seats back and hand them out, for bookings whose row has just changed. Releases come before acquires: one batch
 * may hold the cancel of a booking and the sale of its seat to the next.
 */
import type { BookingEvent, BookingId } from "@holdfast/domain";
import { assert } from "@holdfast/runtime";
import { sql } from "drizzle-orm";
import type { Queries } from "../create-database.ts";
import { markConflicts } from "./mark-conflicts.ts";
import type { RecordContext } from "./record-context.ts";
import { insertRows, type RowColumns, setExcluded, unnestRows } from "./unnest-rows.ts";

type SeatRow = {
	readonly bookingId: BookingId;
	readonly showtimeId: string;
	readonly seat: number;
	readonly label: string;
	/** What the seat costs, in minor units of its booking's currency. */
	readonly amount: number;
	readonly acquiredAt: number;
	/** Null: the booking owns the seat from now on. */
	readonly releasedAt: number | null;
};

/**
 * Make the seats of `changed` (one event per booking, in stream order) what the events say. A booking one of whose seats
 * belongs to another active booking owns none of them: it becomes CONFLICT. Gives those bookings.
 */
export async function assignSeats(queries: Queries, changed: readonly BookingEvent[], context: RecordContext): Promise<BookingId[]> {
	const cancelled = changed.filter((event) => event.type === "booking.cancelled");
	const confirmed = changed.filter((event) => event.type === "booking.confirmed");
	await writeSeats(
		queries,
		cancelled.flatMap((event) => seatRowsOf(event, event.cancelledAt ?? event.at, context)),
	);
	const { winners, losers } = pickWinners(confirmed, await readOwners(queries, confirmed));
	await markConflicts(queries, losers, context.bucket);
	await writeSeats(queries, [
		...losers.flatMap((event) => seatRowsOf(event, event.confirmedAt, context)),
		...winners.flatMap((event) => seatRowsOf(event, null, context)),
	]);
	return losers.map((event) => event.bookingId);
}

/** Owner of each seat, by `seatKey`. */
type Owners = ReadonlyMap<string, string>;

const seatKey = (showtimeId: string, seat: number): string => `${showtimeId} ${seat}`;

/** Which of competing confirmations win, in order and all seats or none: a booking wins if each of its seats is free or its own already. */
export function pickWinners(confirmed: readonly BookingEvent[], owners: Owners): { winners: BookingEvent[]; losers: BookingEvent[] } {
	const ownerOf = new Map(owners);
	const winners: BookingEvent[] = [];
	const losers: BookingEvent[] = [];
	for (const event of confirmed) {
		const keys = event.seats.map((seat) => seatKey(event.showtimeId, seat));
		const isTaken = keys.some((key) => (ownerOf.get(key) ?? event.bookingId) !== event.bookingId);
		(isTaken ? losers : winners).push(event);
		if (!isTaken) for (const key of keys) ownerOf.set(key, event.bookingId);
	}
	return { winners, losers };
}

async function readOwners(queries: Queries, confirmed: readonly BookingEvent[]): Promise<Owners> {
	if (confirmed.length === 0) return new Map();
	const requested = confirmed.flatMap(({ showtimeId, seats }) => seats.map((seat) => ({ showtimeId, seat })));
	const given = unnestRows(requested, { showtime_id: ["uuid", (row) => row.showtimeId], seat: ["integer", (row) => row.seat] });
	// A subselect is one look into the index per seat. Written as a join, Postgres read every active seat there is (50 ms
	// and growing with the table) for as long as its statistics lagged behind, which under load they do.
	const rows = await queries.execute<{ showtime_id: string; seat: number; owner: string | null }>(sql`
		select given.showtime_id, given.seat, (
			select booking_id from booking_seats owned
			where owned.showtime_id = given.showtime_id and owned.seat = given.seat and owned.released_at is null
		) as owner
		from ${given}`);
	return new Map(rows.flatMap((row) => (row.owner === null ? [] : [[seatKey(row.showtime_id, row.seat), row.owner] as const])));
}

/**
 * Write each row over the one that may be there, since an event knows the whole booking. One that the ledger never saw
 * active, or that lost its seats, gets its rows all the same: they say which seats it was about.
 */
async function writeSeats(queries: Queries, rows: readonly SeatRow[]): Promise<void> {
	if (rows.length === 0) return;
	// In seat order, so that two writers who should never meet would queue up and not deadlock.
	await queries.execute(sql`
		${insertRows("booking_seats", rows, { ...FIXED, ...CHANGING })}
		order by showtime_id, seat
		on conflict (booking_id, seat) do update set ${setExcluded(CHANGING)}`);
}

const FIXED: RowColumns<SeatRow> = {
	booking_id: ["uuid", (row) => row.bookingId],
	showtime_id: ["uuid", (row) => row.showtimeId],
	seat: ["integer", (row) => row.seat],
	label: ["text", (row) => row.label],
	amount: ["bigint", (row) => row.amount],
};
const CHANGING: RowColumns<SeatRow> = {
	acquired_at: ["instant", (row) => row.acquiredAt],
	released_at: ["instant", (row) => row.releasedAt],
};

function seatRowsOf(event: BookingEvent, releasedAt: number | null, { labelsByPlan }: RecordContext): SeatRow[] {
	const { bookingId, showtimeId, planId, seats, amounts, confirmedAt: acquiredAt } = event;
	const labels = labelsByPlan.get(planId) ?? [];
	return seats.map((seat, at) => {
		const amount = amounts[at];
		assert(amount !== undefined, `an event of booking ${bookingId} has no amount for seat ${seat}`);
		return { bookingId, showtimeId, seat, label: labels[seat] ?? "", amount, acquiredAt, releasedAt };
	});
}
