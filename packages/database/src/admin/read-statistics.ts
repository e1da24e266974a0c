/** Adds up what the showtimes of a period sold: per day of the venue, movie, auditorium or showtime, and in all. */
import { type AuditoriumId, isLocalDate, type MovieId, parseAnyId, type ShowtimeId } from "@holdfast/domain";
import { assert } from "@holdfast/runtime";
import type { Database } from "../create-database.ts";
import { type PageOutcome, type PageRequest, pageOf, parseCursor } from "../read-page.ts";
import { readFrom } from "../run-queries.ts";
import { type GroupRow, type StatisticsGroup, type StatisticsPeriod, selectGroups } from "./select-statistics.ts";

/** Amounts in minor units of one currency. */
export type MoneyFigures = {
	readonly currency: string;
	/** Of the confirmed bookings. */
	readonly gross: number;
	/** Of the bookings that were cancelled after they were confirmed. */
	readonly cancelled: number;
	readonly refundsDue: number;
	readonly refundsPaid: number;
};

/** What a group of showtimes sold. */
export type Figures = {
	/** Showtimes that are not cancelled, and cancelled ones. */
	readonly showtimes: number;
	readonly cancelledShowtimes: number;
	/** Seats of the showtimes that are not cancelled, without blocked ones that are not sold. */
	readonly capacity: number;
	/** Seats of the confirmed bookings. */
	readonly sold: number;
	readonly bookings: number;
	/** Bookings that were cancelled after they were confirmed, or lost their seats to another booking. */
	readonly cancels: number;
	/** One entry per currency with a booking, by currency. */
	readonly money: readonly MoneyFigures[];
};

/** The figures of one group. Fields that the group has not in common are null; of a showtime, none is. `startsAt` is in epoch ms. */
export type StatisticsRow = Figures & {
	readonly day: string | null;
	readonly movie: { readonly id: MovieId; readonly title: string } | null;
	readonly auditorium: { readonly id: AuditoriumId; readonly name: string } | null;
	readonly showtime: { readonly id: ShowtimeId; readonly startsAt: number } | null;
};

/** Which page of which groups to read. */
export type StatisticsRequest = StatisticsPeriod & PageRequest & { readonly groupBy: StatisticsGroup };

/** Returns a page of groups: days and showtimes by time, movies and auditoriums by name. `bad_cursor`: of another list or grouping. */
export async function readStatistics(database: Database, request: StatisticsRequest): Promise<PageOutcome<StatisticsRow>> {
	const { groupBy, limit, cursor, ...period } = request;
	const prefix = `${groupBy}:`;
	const after = cursor === undefined ? undefined : parseCursor(cursor, parseGroupId, (key) => key.startsWith(prefix));
	if (after === null) return { outcome: "bad_cursor" };
	const range = { limit: limit + 1, after: after && { ...after, key: after.key.slice(prefix.length) } };
	const rows = await readFrom(database, "administration", (queries) => queries.execute<GroupRow>(selectGroups(period, groupBy, range)));
	const page = pageOf(rows, limit, (row) => ({ key: `${prefix}${row.sort}`, id: row.id }));
	return { ...page, items: page.items.map((row) => rowOf(row, groupBy)) };
}

const parseGroupId = (text: string): string | null => (isLocalDate(text) ? text : parseAnyId(text));

/** Returns the figures of all showtimes of the period together. */
export async function readTotals(database: Database, period: StatisticsPeriod): Promise<Figures> {
	const select = selectGroups(period, "all", { limit: 1 });
	const [row] = await readFrom(database, "administration", (queries) => queries.execute<GroupRow>(select));
	return row === undefined ? NOTHING : figuresOf(row);
}

const NOTHING: Figures = { showtimes: 0, cancelledShowtimes: 0, capacity: 0, sold: 0, bookings: 0, cancels: 0, money: [] };

function rowOf(row: GroupRow, groupBy: StatisticsGroup): StatisticsRow {
	const isOne = (group: StatisticsGroup): boolean => groupBy === group || groupBy === "showtime";
	return {
		day: isOne("day") ? row.day : null,
		movie: isOne("movie") ? { id: row.movie_id, title: row.title } : null,
		auditorium: isOne("auditorium") ? { id: row.auditorium_id, name: row.name } : null,
		showtime: groupBy === "showtime" ? { id: row.showtime_id, startsAt: row.starts_at } : null,
		...figuresOf(row),
	};
}

function figuresOf(row: GroupRow): Figures {
	return {
		showtimes: row.showtimes,
		cancelledShowtimes: row.cancelled_showtimes,
		capacity: row.capacity,
		sold: row.sold,
		bookings: row.bookings,
		cancels: row.cancels,
		money: row.money.map(([currency, ...amounts]) => {
			const [gross = 0, cancelled = 0, refundsDue = 0, refundsPaid = 0] = amounts.map(amountOf);
			return { currency, gross, cancelled, refundsDue, refundsPaid };
		}),
	};
}

function amountOf(digits: string): number {
	const amount = Number(digits);
	assert(Number.isSafeInteger(amount), `the sum ${digits} is beyond 2^53`);
	return amount;
}
