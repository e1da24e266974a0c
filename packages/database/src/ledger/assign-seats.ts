/**
 * Releases and assigns the seats of bookings whose row has just changed. Releases come first, because one batch may contain the cancel of
 * a booking and the sale of the same seat to another booking.
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
	/** Price of the seat, in minor units of the booking's currency. */
	readonly amount: number;
	readonly acquiredAt: number;
	/** Null: the booking owns the seat from now on. */
	readonly releasedAt: number | null;
};

/**
 * Applies the events in `changed` (one per booking, in stream order) to the seats. When another active booking owns one of a booking's
 * seats, that booking becomes CONFLICT and owns none of its seats. Returns the ids of these bookings.
 */
export async function assignSeats(
	queries: Queries,
	changed: readonly BookingEvent[],
	context: RecordContext & { readonly refunded: ReadonlySet<BookingId> },
): Promise<BookingId[]> {
	const cancelled = changed.filter((event) => event.type === "booking.cancelled");
	const confirmed = changed.filter((event) => event.type !== "booking.cancelled");
	await writeSeats(
		queries,
		cancelled.flatMap((event) => seatRowsOf(event, event.cancelledAt ?? event.at, context)),
	);
	const { winners, losers } = pickWinners(confirmed, await readOwners(queries, confirmed), context.refunded);
	await loseSeats(queries, losers, context);
	await writeSeats(
		queries,
		winners.flatMap((event) => seatRowsOf(event, null, context)),
	);
	return losers.map((event) => event.bookingId);
}

/** Makes these bookings conflicts, which own none of the seats that their events name. */
export async function loseSeats(queries: Queries, losers: readonly BookingEvent[], context: RecordContext): Promise<void> {
	await markConflicts(queries, losers, context.bucket);
	await writeSeats(
		queries,
		losers.flatMap((event) => seatRowsOf(event, event.confirmedAt, context)),
	);
}

/**
 * Removes the seats that a reseat has left: those of these bookings that their events do not name. The history has them. Call it before any
 * seat is assigned, because the batch may have sold these seats to another booking.
 */
export async function dropLeftSeats(queries: Queries, events: readonly BookingEvent[]): Promise<void> {
	if (events.length === 0) return;
	const named = events.flatMap(({ bookingId, seats }) => seats.map((seat) => ({ bookingId, seat })));
	const given = unnestRows(named, { booking_id: ["uuid", (row) => row.bookingId], seat: ["integer", (row) => row.seat] });
	await queries.execute(sql`
		delete from booking_seats where booking_id = any(${sql.param(events.map(({ bookingId }) => bookingId))}::uuid[])
			and (booking_id, seat) not in (select booking_id, seat from ${given})`);
}

/** The owner of each seat, by `seatKey`. */
type Owners = ReadonlyMap<string, string>;

const seatKey = (showtimeId: string, seat: number): string => `${showtimeId} ${seat}`;

/**
 * Decides in stream order which confirmed bookings get their seats. A booking wins if each of its seats is free or already its own;
 * otherwise, and if it is one of `refunded`, it loses and gets none.
 */
export function pickWinners(
	confirmed: readonly BookingEvent[],
	owners: Owners,
	refunded: ReadonlySet<BookingId> = new Set(),
): { winners: BookingEvent[]; losers: BookingEvent[] } {
	const ownerOf = new Map(owners);
	const winners: BookingEvent[] = [];
	const losers: BookingEvent[] = [];
	for (const event of confirmed) {
		const keys = event.seats.map((seat) => seatKey(event.showtimeId, seat));
		const isLost = refunded.has(event.bookingId) || keys.some((key) => (ownerOf.get(key) ?? event.bookingId) !== event.bookingId);
		(isLost ? losers : winners).push(event);
		if (!isLost) for (const key of keys) ownerOf.set(key, event.bookingId);
	}
	return { winners, losers };
}

async function readOwners(queries: Queries, confirmed: readonly BookingEvent[]): Promise<Owners> {
	if (confirmed.length === 0) return new Map();
	const requested = confirmed.flatMap(({ showtimeId, seats }) => seats.map((seat) => ({ showtimeId, seat })));
	const given = unnestRows(requested, { showtime_id: ["uuid", (row) => row.showtimeId], seat: ["integer", (row) => row.seat] });
	// A subselect costs one index lookup per seat. With a join, Postgres read every active seat in the table (50 ms, growing with the table)
	// while its statistics were out of date, as they are under load.
	const rows = await queries.execute<{ showtime_id: string; seat: number; owner: string | null }>(sql`
		select given.showtime_id, given.seat, (
			select booking_id from booking_seats owned
			where owned.showtime_id = given.showtime_id and owned.seat = given.seat and owned.released_at is null
		) as owner
		from ${given}`);
	return new Map(rows.flatMap((row) => (row.owner === null ? [] : [[seatKey(row.showtime_id, row.seat), row.owner] as const])));
}

/**
 * Inserts the rows or overwrites existing ones, since an event contains the whole booking. A booking that was never active in the ledger,
 * or that lost its seats, gets rows too: they record which seats it named.
 */
async function writeSeats(queries: Queries, rows: readonly SeatRow[]): Promise<void> {
	if (rows.length === 0) return;
	// Rows are written in seat order. The bucket lock excludes concurrent writers; should two meet anyway, they wait instead of deadlocking.
	await queries.execute(sql`
		${insertRows("booking_seats", rows, { ...FIXED, ...ACQUIRED, ...CHANGING })}
		order by showtime_id, seat
		on conflict (booking_id, seat) do update set ${setExcluded(CHANGING)},
			acquired_at = case when excluded.released_at is null then excluded.acquired_at else booking_seats.acquired_at end`);
}

const FIXED: RowColumns<SeatRow> = {
	booking_id: ["uuid", (row) => row.bookingId],
	showtime_id: ["uuid", (row) => row.showtimeId],
	seat: ["integer", (row) => row.seat],
	label: ["text", (row) => row.label],
};
const ACQUIRED: RowColumns<SeatRow> = { acquired_at: ["instant", (row) => row.acquiredAt] };
const CHANGING: RowColumns<SeatRow> = {
	// A reseat may give a seat that the booking keeps another amount.
	amount: ["bigint", (row) => row.amount],
	released_at: ["instant", (row) => row.releasedAt],
};

function seatRowsOf(event: BookingEvent, releasedAt: number | null, { labelsByPlan }: RecordContext): SeatRow[] {
	const { bookingId, showtimeId, planId, seats, amounts } = event;
	const acquiredAt = event.type === "booking.reseated" ? event.at : event.confirmedAt;
	const labels = labelsByPlan.get(planId) ?? [];
	return seats.map((seat, at) => {
		const amount = amounts[at];
		assert(amount !== undefined, `an event of booking ${bookingId} has no amount for seat ${seat}`);
		return { bookingId, showtimeId, seat, label: labels[seat] ?? "", amount, acquiredAt, releasedAt };
	});
}
