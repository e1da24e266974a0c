/** Writes bookings as CSV (RFC 4180): one row per booking, or one per seat. */
import { statusOf, toLocalTime } from "@holdfast/domain";
import { stringify } from "csv-stringify/sync";
import { toInstant } from "../contract/share.ts";
import type { ListedBooking } from "./listed-booking.ts";

/** What a row is. */
export type CsvRows = "bookings" | "seats";

type Cell = string | number | null;
/** A column, and its cell for a booking; in a file of seats, for one of its seats. */
type Column<Of> = readonly [name: string, read: (of: Of) => Cell];
type BookedSeat = ListedBooking & { readonly label: string; readonly price: number };

/**
 * Texts come from users and staff, so a cell that a spreadsheet would take for a formula gets a `'` in front: one that begins with `=`, `+`,
 * `-`, `@`, a tab or a return. Numbers are written as numbers.
 */
const OPTIONS = { record_delimiter: "\r\n", escape_formulas: true } as const;

const utc = (ms: number | null): Cell => (ms === null ? null : toInstant(ms));
/** As the venue's clock shows it: `2026-11-22T20:15`. */
function local(ms: number | null, timeZone: string): Cell {
	if (ms === null) return null;
	const { date, time } = toLocalTime(ms, timeZone);
	return `${date}T${time}`;
}

const instants = (name: string, read: (of: ListedBooking) => number | null): readonly Column<ListedBooking>[] => [
	[`${name}_utc`, (of) => utc(read(of))],
	[`${name}_local`, (of) => local(read(of), of.showtime.timeZone)],
];

const BEFORE: readonly Column<ListedBooking>[] = [
	["booking_id", ({ booking }) => booking.id],
	["status", ({ booking, readAtMs }) => statusOf(booking, readAtMs)],
	["movie", ({ showtime }) => showtime.movie.title],
	["auditorium", ({ showtime }) => showtime.auditorium.name],
	["showtime_id", ({ showtime }) => showtime.id],
	...instants("starts", ({ showtime }) => showtime.startsAt),
	["time_zone", ({ showtime }) => showtime.timeZone],
];

const AFTER: readonly Column<ListedBooking>[] = [
	["currency", ({ booking }) => booking.currency],
	...instants("placed", ({ booking }) => booking.createdAt),
	...instants("confirmed", ({ booking }) => booking.confirmedAt),
	...instants("cancelled", ({ booking }) => booking.cancelledAt),
	["user_id", ({ user }) => user.id],
	["user_email", ({ user }) => user.email],
	["user_name", ({ user }) => user.displayName],
	["refund_status", ({ refund }) => refund?.status ?? null],
];

const OF_BOOKINGS: readonly Column<ListedBooking>[] = [
	...BEFORE,
	["seats", ({ seatLabels }) => seatLabels.join(" ")],
	["seat_count", ({ seatLabels }) => seatLabels.length],
	["amount_minor", ({ booking }) => booking.amount],
	...AFTER,
	["refund_reason", ({ refund }) => refund?.reason ?? null],
	["refund_percent", ({ refund }) => refund?.percent ?? null],
	["refund_minor", ({ refund }) => refund?.amount ?? null],
	["refund_currency", ({ refund }) => refund?.currency ?? null],
	["refund_reference", ({ refund }) => refund?.reference ?? null],
];

/** Amounts of refunds are of the whole booking, so a file of seats has none: its sums would count them once per seat. */
const OF_SEATS: readonly Column<BookedSeat>[] = [
	...BEFORE,
	["seat", ({ label }) => label],
	["amount_minor", ({ price }) => price],
	...AFTER,
];

/** Returns the row of the names of the columns. */
export const writeCsvHeader = (rows: CsvRows): string =>
	stringify([(rows === "seats" ? OF_SEATS : OF_BOOKINGS).map(([name]) => name)], OPTIONS);

/** Returns the rows of these bookings. Each ends with CRLF. */
export function writeCsvRows(bookings: readonly ListedBooking[], rows: CsvRows): string {
	const records = rows === "seats" ? bookings.flatMap(seatsOf).map(cellsOf(OF_SEATS)) : bookings.map(cellsOf(OF_BOOKINGS));
	return stringify(records, OPTIONS);
}

const cellsOf =
	<Of>(columns: readonly Column<Of>[]) =>
	(of: Of): Cell[] =>
		columns.map(([, read]) => read(of));

const seatsOf = (of: ListedBooking): BookedSeat[] =>
	of.seatLabels.map((label, at) => ({ ...of, label, price: of.booking.amounts[at] ?? 0 }));
