/** The wire schemas of statistics. */

import { STATISTICS_GROUPS } from "@holdfast/database";
import { STATISTICS_DAYS_MAX } from "@holdfast/domain";
import { type Static, Type } from "typebox";
import { idFilter } from "./admin.ts";
import { LEDGER_AGE } from "./admin-booking.ts";
import { EXAMPLE_CURSORS, EXAMPLE_IDS, EXAMPLE_TIMES } from "./examples.ts";
import { Sum } from "./money.ts";
import { PAGE_QUERY, page } from "./page.ts";
import { CLOSED, id, instant, nullableText, oneOf, share, text } from "./share.ts";

const DATE_CHARS = 10;

const dateFilter = (description: string, example: string) => Type.String({ maxLength: DATE_CHARS, description, examples: [example] });

/** The query of the statistics. */
export const StatisticsQuery = Type.Object(
	{
		...PAGE_QUERY,
		groupBy: Type.Optional(oneOf(STATISTICS_GROUPS, "What each item adds up: the showtimes of a day of the venue (default), and so on")),
		from: dateFilter("First day of the venue, `YYYY-MM-DD`", "2026-11-16"),
		to: dateFilter(`Last day of the venue, included; at most ${STATISTICS_DAYS_MAX} days with the first`, "2026-11-22"),
		movieId: idFilter("Only showtimes of this movie"),
		auditoriumId: idFilter("Only showtimes in this auditorium"),
	},
	CLOSED,
);

const count = (description: string, example: number) => Type.Integer({ minimum: 0, description, examples: [example] });

const MoneyFiguresObject = Type.Object(
	{
		currency: Type.String({ pattern: "^[A-Z]{3}$", description: "ISO 4217 currency code", examples: ["EUR"] }),
		gross: Sum.ref,
		cancelled: Sum.ref,
		refundsDue: Sum.ref,
		refundsPaid: Sum.ref,
	},
	{
		...CLOSED,
		description:
			"Sums in one currency. `gross`: of the confirmed bookings. `cancelled`: of the bookings that were cancelled after they were confirmed. " +
			"`refundsDue`: owed and not paid back. `refundsPaid`: paid back",
	},
);

const FIGURES = {
	showtimes: count("Showtimes that are not cancelled", 6),
	cancelledShowtimes: count("Cancelled showtimes", 0),
	capacity: count("Seats of the showtimes that are not cancelled, without those that staff keep off sale", 588),
	sold: count("Seats of the confirmed bookings", 147),
	occupancy: Type.Unsafe<number | null>({
		type: ["number", "null"],
		minimum: 0,
		description: "`sold` divided by `capacity`, with four decimals; null if there are no seats",
		examples: [0.25],
	}),
	bookings: count("Confirmed bookings", 71),
	cancels: count("Bookings that were cancelled after they were confirmed", 3),
	money: Type.Array(MoneyFiguresObject, {
		description: "One entry per currency, by its code. Amounts in different currencies are never added up. Empty if nothing was sold",
	}),
};

const FiguresObject = Type.Object(FIGURES, { ...CLOSED, description: "What a group of showtimes sold" });
/** Schema of the figures of all showtimes of the period. */
export const Figures = share("Figures", FiguresObject);
/** The JSON of figures. */
export type FiguresBody = Static<typeof FiguresObject>;

const nullableObject = <T extends Parameters<typeof Type.Object>[0]>(properties: T, description: string) => {
	const object = Type.Object(properties, CLOSED);
	return Type.Unsafe<Static<typeof object> | null>({ anyOf: [object, { type: "null" }], description });
};

const StatisticsRowObject = Type.Object(
	{
		day: nullableText(
			"Day of the venue, `YYYY-MM-DD`: a start before the auditorium's `dayStartsAt` counts to the day before",
			"2026-11-22",
		),
		movie: nullableObject(
			{ id: id("Movie id", EXAMPLE_IDS.movie), title: text("Title of the movie", "The Third Man") },
			"The movie; null when grouped by something else",
		),
		auditorium: nullableObject(
			{ id: id("Auditorium id", EXAMPLE_IDS.auditorium), name: text("Name of the auditorium", "Hall 1") },
			"The auditorium; null when grouped by something else",
		),
		showtime: nullableObject(
			{ id: id("Showtime id", EXAMPLE_IDS.showtime), startsAt: instant("When the showtime starts", EXAMPLE_TIMES.starts) },
			"The showtime; null when grouped by something else",
		),
		...FIGURES,
	},
	{ ...CLOSED, description: "The figures of one group. A showtime has all four of day, movie, auditorium and showtime" },
);
/** Schema of the figures of one group. */
export const StatisticsRow = share("StatisticsRow", StatisticsRowObject);
/** The JSON of the figures of one group. */
export type StatisticsRowBody = Static<typeof StatisticsRowObject>;

const rowPage = page(StatisticsRow.ref, EXAMPLE_CURSORS.statistics);
/** Schema of one page of statistics. */
export const Statistics = share(
	"Statistics",
	Type.Object(
		{ ...rowPage.properties, totals: Figures.ref, ...LEDGER_AGE },
		{ ...CLOSED, description: "One page of statistics. `totals` adds up all groups of the period, also those of other pages" },
	),
);
