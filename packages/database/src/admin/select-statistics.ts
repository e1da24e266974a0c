/** The SQL of the statistics: what each group of showtimes sold, per currency. */
import type { AuditoriumId, MovieId, ShowtimeId } from "@holdfast/domain";
import { type SQL, sql } from "drizzle-orm";
import type { Position } from "../read-page.ts";

/** What statistics are grouped by. */
export const STATISTICS_GROUPS = ["day", "movie", "auditorium", "showtime"] as const;
/** One of `STATISTICS_GROUPS`. */
export type StatisticsGroup = (typeof STATISTICS_GROUPS)[number];

/** Which showtimes to count: those whose day of the venue is from `from` to `to`, both included (`YYYY-MM-DD`). */
export type StatisticsPeriod = {
	readonly from: string;
	readonly to: string;
	readonly movieId?: MovieId | undefined;
	readonly auditoriumId?: AuditoriumId | undefined;
};

/** One group. The columns of things that the group has not in common hold any of them. `starts_at` is in epoch ms. */
export type GroupRow = {
	id: string;
	sort: string;
	day: string;
	movie_id: MovieId;
	title: string;
	auditorium_id: AuditoriumId;
	name: string;
	showtime_id: ShowtimeId;
	starts_at: number;
	showtimes: number;
	cancelled_showtimes: number;
	capacity: number;
	sold: number;
	bookings: number;
	cancels: number;
	/** Per currency: its code, then gross, cancelled, refunds due and refunds paid, as digits. */
	money: [currency: string, ...amounts: string[]][];
};

/** What identifies a group, and what the groups are sorted by, both as text. `all`: one group. */
const KEYS: Record<StatisticsGroup | "all", { readonly id: SQL; readonly sort: SQL }> = {
	day: { id: sql`to_char(day, 'YYYY-MM-DD')`, sort: sql`to_char(day, 'YYYY-MM-DD')` },
	movie: { id: sql`movie_id::text`, sort: sql`title` },
	auditorium: { id: sql`auditorium_id::text`, sort: sql`name` },
	showtime: { id: sql`chosen.id::text`, sort: sql`to_char(starts_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS')` },
	all: { id: sql`''`, sort: sql`''` },
};

/** Returns the statement that selects up to `limit` groups after a position. */
export function selectGroups(
	period: StatisticsPeriod,
	groupBy: StatisticsGroup | "all",
	{ limit, after }: { readonly limit: number; readonly after?: Position<string> | undefined },
): SQL {
	const { id, sort } = KEYS[groupBy];
	const isLater = after === undefined ? sql`` : sql`where (${sort}, ${id}) > (${after.key}::text, ${after.id}::text)`;
	return sql`
		with chosen as materialized (${showtimesOf(period)}), ${SUMS}, money as materialized (
			select id, jsonb_agg(jsonb_build_array(currency, gross::text, cancelled::text, due::text, paid::text) order by currency) as money
			from (
				select ${id} as id, currency, sum(gross) as gross, sum(cancelled) as cancelled, sum(due) as due, sum(paid) as paid
				from amounts join chosen on chosen.id = amounts.showtime_id
				group by 1, 2
			) per_currency
			group by id
		), page as (
			select ${id} as id, ${sort} as sort, to_char(min(day), 'YYYY-MM-DD') as day, min(movie_id::text) as movie_id, min(title) as title,
				min(auditorium_id::text) as auditorium_id, min(name) as name, min(chosen.id::text) as showtime_id,
				(extract(epoch from min(starts_at)) * 1000)::float8 as starts_at,
				count(*) filter (where not is_cancelled)::int as showtimes, count(*) filter (where is_cancelled)::int as cancelled_showtimes,
				coalesce(sum(seat_count - blocked) filter (where not is_cancelled), 0)::int as capacity,
				coalesce(sum(taken.seats), 0)::int as sold, coalesce(sum(counts.bookings), 0)::int as bookings,
				coalesce(sum(counts.cancels), 0)::int as cancels
			from chosen left join taken on taken.showtime_id = chosen.id left join counts on counts.showtime_id = chosen.id
			${isLater}
			group by 1, 2 order by 2, 1 limit ${limit}
		)
		select page.*, coalesce(money, '[]') as money from page left join money on money.id = page.id order by page.sort, page.id`;
}

/**
 * The showtimes of a period. `blocked` counts the seats kept off sale; a blocked seat that staff sold is not one of them. A start counts to the day on which the venue's clock last showed `day_starts_at` (`venueDayOf` of the domain).
 * The bounds of `starts_at` are for the index, and wide enough for every zone.
 */
const showtimesOf = ({ from, to, movieId, auditoriumId }: StatisticsPeriod): SQL => sql`
	select showtimes.id, movie_id, title, showtimes.auditorium_id, auditoriums.name, starts_at, venue.day, seat_count,
		showtimes.state = 'cancelled' as is_cancelled, case when cardinality(blocked_seats) = 0 then 0 else (
			select count(*) from unnest(blocked_seats) as off where not exists (
				select from booking_seats where showtime_id = showtimes.id and seat = off and released_at is null
			)
		) end as blocked
	from showtimes
	join auditoriums on auditoriums.id = showtimes.auditorium_id
	join movies on movies.id = showtimes.movie_id
	join seat_plans on seat_plans.id = showtimes.seat_plan_id
	cross join lateral (select ((starts_at at time zone showtimes.time_zone) - day_starts_at::interval)::date as day) venue
	where starts_at >= (${from}::date - 1)::timestamp at time zone 'UTC' and starts_at < (${to}::date + 3)::timestamp at time zone 'UTC'
		and venue.day between ${from}::date and ${to}::date
		${movieId === undefined ? sql`` : sql`and movie_id = ${movieId}::uuid`}
		${auditoriumId === undefined ? sql`` : sql`and showtimes.auditorium_id = ${auditoriumId}::uuid`}`;

/** What the chosen showtimes sold. `amounts`: per showtime and currency. `taken`: seats of confirmed bookings. */
const SUMS = sql`
	sales as (
		select showtime_id, currency, count(*) filter (where state = 'CONFIRMED') as bookings, count(*) filter (where state <> 'CONFIRMED') as cancels,
			coalesce(sum(amount) filter (where state = 'CONFIRMED'), 0) as gross,
			coalesce(sum(amount) filter (where state <> 'CONFIRMED'), 0) as cancelled
		from bookings where showtime_id in (select id from chosen) group by showtime_id, currency
	), counts as (
		select showtime_id, sum(bookings) as bookings, sum(cancels) as cancels from sales group by showtime_id
	), amounts as (
		select showtime_id, currency, gross, cancelled, 0 as due, 0 as paid from sales
		union all
		select showtime_id, currency, 0, 0, case when state = 'done' then 0 else amount end, case when state = 'done' then amount else 0 end
		from refunds where state <> 'not_owed' and showtime_id in (select id from chosen)
	), taken as (
		select showtime_id, count(*) as seats from booking_seats
		where released_at is null and showtime_id in (select id from chosen) group by showtime_id
	)`;
