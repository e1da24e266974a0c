/** Inserts the ledger of a cinema for tests of lists and statistics: rooms, movies, showtimes, users and as many bookings as are wanted. */
import { gridLayout } from "@holdfast/domain";
import { queryPostgres } from "@holdfast/local-stack";

/** Bookings of each showtime, of two seats each: a room has 100 seats. */
const BOOKINGS_PER_SHOWTIME = 30;
/** Rooms: half of them in Vienna with euros, half in New York with dollars. */
const ROOMS = 6;
const MOVIES = 40;
/** Showtimes of a room on one day: every third hour. */
const PER_DAY = 6;
const USERS = 2_000;

/** How many bookings to insert, and when the last day of the programme begins (epoch ms). */
export type SalesOptions = { readonly bookings: number; readonly untilMs: number };

/**
 * Inserts the rows in one statement per table and collects statistics for the planner; 100,000 bookings take some 20 s. The programme covers
 * as many days before `untilMs` as the bookings need: 36 showtimes a day, 30 bookings each. Every 20th booking was cancelled by its buyer;
 * every 50th showtime was cancelled, its bookings with refunds, of which every third was paid. The first user has every 20th booking. The
 * first movie ran only on the first day. `ownerUrl` belongs to the owner of the tables.
 */
export async function insertSales(ownerUrl: string, { bookings, untilMs }: SalesOptions): Promise<void> {
	const tiers = [{ id: "standard", name: "Standard" }];
	const layout = JSON.stringify(gridLayout({ rows: 10, seatsPerRow: 10, tiers, tierOfRow: () => "standard" }));
	const showtimes = Math.ceil(bookings / BOOKINGS_PER_SHOWTIME);
	const days = Math.ceil(showtimes / (ROOMS * PER_DAY));
	const firstDay = `(to_timestamp(${untilMs / 1_000}) - interval '${days} days')`;
	await queryPostgres(
		ownerUrl,
		`insert into users (id, email, password_hash, display_name, role)
			select ${idOf("users", "n")}, 'buyer-' || n || '@example.com', '-', 'Buyer ' || n, 'user' from generate_series(0, ${USERS - 1}) n;
		insert into movies (id, title, description, duration_minutes, genre, status)
			select ${idOf("movies", "n")}, 'Movie ' || n, 'A film.', 100, 'Drama', 'now_showing' from generate_series(0, ${MOVIES - 1}) n;
		insert into auditoriums (id, name, time_zone, currency, day_starts_at)
			select ${idOf("rooms", "n")}, 'Hall ' || n, case when n % 2 = 0 then 'Europe/Vienna' else 'America/New_York' end,
				case when n % 2 = 0 then 'EUR' else 'USD' end, '06:00' from generate_series(0, ${ROOMS - 1}) n;
		insert into seat_plans (id, auditorium_id, layout, seat_count, is_current)
			select ${idOf("plans", "n")}, ${idOf("rooms", "n")}, '${layout}', 100, true from generate_series(0, ${ROOMS - 1}) n;
		insert into showtimes (id, movie_id, auditorium_id, seat_plan_id, starts_at, ends_at, occupied_until, time_zone, prices, currency,
				sales_open_at, sales_close_at, state, blocked_seats, created_at)
			select ${idOf("showtimes", "n")}, case when n < ${ROOMS * PER_DAY} then ${idOf("movies", "0")} else ${idOf("movies", `1 + n % ${MOVIES - 1}`)} end,
				auditoriums.id, ${idOf("plans", `n % ${ROOMS}`)}, start, start + interval '100 minutes', start + interval '2 hours', time_zone,
				'{"standard": 1250}', currency, start - interval '30 days', start, case when n % 50 = 7 then 'cancelled' else 'open' end,
				case when n % 10 = 0 then array[98, 99] else '{}' end, start - interval '31 days'
			from generate_series(0, ${showtimes - 1}) n
			join auditoriums on auditoriums.id = ${idOf("rooms", `n % ${ROOMS}`)}
			cross join lateral (select ${firstDay} + n / ${ROOMS * PER_DAY} * interval '1 day' + (n / ${ROOMS}) % ${PER_DAY} * interval '3 hours' as start) s;
		create temporary table placed as
			select n, showtimes.id as showtime_id, n / ${showtimes} as nth, seat_plan_id, showtimes.currency, showtimes.state = 'cancelled' as is_off,
				starts_at - (n % 20) * interval '6 hours' - interval '1 hour' - (n % 3600) * interval '1 second' as created_at
			from generate_series(0, ${bookings - 1}) n join showtimes on showtimes.id = ${idOf("showtimes", `n % ${showtimes}`)};
		insert into bookings (id, user_id, showtime_id, seat_plan_id, state, version, amount, currency, created_at, expires_at, confirmed_at, cancelled_at, schedule_version)
			select ${BOOKING_ID}, case when n % 20 = 3 then ${idOf("users", "0")} else ${idOf("users", `1 + n % ${USERS - 1}`)} end, showtime_id, seat_plan_id,
				case when is_off or n % 20 = 1 then 'CANCELLED' else 'CONFIRMED' end, 2, 2 * (1000 + n % 900), currency, created_at,
				created_at + interval '7 minutes', created_at + interval '2 minutes',
				case when is_off or n % 20 = 1 then created_at + interval '30 minutes' end, 1
			from placed order by created_at, n;
		insert into booking_seats (booking_id, showtime_id, seat, label, amount, acquired_at, released_at)
			select ${BOOKING_ID}, showtime_id, 2 * nth + side, 'S' || 2 * nth + side, 1000 + n % 900, created_at,
				case when is_off or n % 20 = 1 then created_at + interval '30 minutes' end
			from placed cross join generate_series(0, 1) side order by created_at, n;
		insert into refunds (booking_id, showtime_id, reason, amount, currency, state, done_at)
			select ${BOOKING_ID}, showtime_id, 'showtime_cancelled', 2 * (1000 + n % 900), currency, case when n % 3 = 0 then 'done' else 'due' end,
				case when n % 3 = 0 then now() end
			from placed where is_off;
		drop table placed;
		analyze bookings; analyze booking_seats; analyze refunds; analyze showtimes; analyze users; analyze movies`,
	);
}

/** The parts of the ids of the inserted rows. */
const KINDS = { users: "8001", movies: "8002", rooms: "8003", plans: "8004", showtimes: "8005" } as const;

/** Returns the SQL of the id of the row with a number, which is an SQL expression. A showtime's last byte, its bucket, is 0 to 15. */
export function idOf(kind: keyof typeof KINDS, number: string): string {
	const hex = `lpad(to_hex(${number}), 8, '0')`;
	const tail = kind === "showtimes" ? `lpad(to_hex((${number}) % 16), 2, '0')` : "'00'";
	return `('00000000-0000-7000-${KINDS[kind]}-' || '00' || ${hex} || ${tail})::uuid`;
}

/** A UUIDv7 of the time at which the booking was placed, with its number, in the bucket of its showtime. */
const BOOKING_ID = `(lpad(to_hex((extract(epoch from created_at) * 1000)::bigint), 12, '0') || '7000' || '9000' || lpad(to_hex(n), 10, '0')
	|| right(showtime_id::text, 2))::uuid`;
