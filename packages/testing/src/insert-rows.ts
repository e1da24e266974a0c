/**
 * Inserts users and showtimes for tests and the bench, thousands in one statement. The users share one password hash that matches
 * no password, because hashing a password for each would take minutes: scrypt runs at full cost in the product.
 */
import {
	gridLayout,
	newAuditoriumId,
	newMovieId,
	newSeatPlanId,
	newShowtimeId,
	newUserId,
	type SeatPlan,
	type ShowtimeId,
	type UserId,
} from "@holdfast/domain";
import { queryPostgres } from "@holdfast/local-stack";

const UNUSABLE_HASH = "$scrypt$ln=17,r=8,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

/** Inserts `count` users and returns their ids. No password matches them: use `mintTokens` for access tokens. */
export async function insertUsers(databaseUrl: string, count: number): Promise<UserId[]> {
	const ids = Array.from({ length: count }, newUserId);
	await queryPostgres(
		databaseUrl,
		`insert into users (id, email, password_hash, display_name, role)
		 select id::uuid, 'buyer-' || id || '@example.com', '${UNUSABLE_HASH}', 'Buyer', 'user'
		 from jsonb_array_elements_text(${quote(ids)}) as id`,
	);
	return ids;
}

/** The inserted showtimes and their seat plan. */
export type ShowtimeRows = { readonly showtimeIds: ShowtimeId[]; readonly plan: SeatPlan };

/** Options of `insertShowtimes`. */
export type ShowtimeOptions = {
	/** How many showtimes to insert, all with the same seat plan; 1 when absent. */
	readonly count?: number;
	readonly rows?: number;
	readonly seatsPerRow?: number;
	/** When the showtimes start, in ms from now; 24 hours when absent. */
	readonly startsInMs?: number;
	/** The bucket of all the showtimes; a random one for each when absent. */
	readonly bucket?: number;
};

const HOUR_MS = 60 * 60 * 1000;

/**
 * Inserts a movie, a seat plan, and showtimes that are on sale now, each in an auditorium of its own: 10 x 10 seats at 12.50 USD, in 24 hours, unless the
 * options say otherwise. Returns the ids of the showtimes and their plan.
 */
export async function insertShowtimes(databaseUrl: string, options: ShowtimeOptions = {}): Promise<ShowtimeRows> {
	const { count = 1, rows = 10, seatsPerRow = 10, startsInMs = 24 * HOUR_MS, bucket } = options;
	const tiers = [{ id: "standard", name: "Standard" }];
	const layout = gridLayout({ rows, seatsPerRow, tiers, tierOfRow: () => "standard" });
	const [movieId, planId] = [newMovieId(), newSeatPlanId()];
	const showtimeIds = Array.from({ length: count }, () => newShowtimeId(bucket));
	// All start at the same time, so each has an auditorium of its own.
	const rooms = showtimeIds.map((id) => ({ id, room: newAuditoriumId() }));
	await queryPostgres(
		databaseUrl,
		`insert into movies (id, title, description, duration_minutes, genre, status)
			values ('${movieId}', 'The Third Man', 'A man who is not dead.', 104, 'Thriller', 'now_showing');
		 insert into auditoriums (id, name, time_zone, currency)
		 select room, 'Hall 1', 'Europe/Vienna', 'USD' from jsonb_to_recordset(${quote(rooms)}) as rooms (room uuid);
		 insert into seat_plans (id, auditorium_id, layout, seat_count, is_current)
			values ('${planId}', '${rooms[0]?.room}', ${quote(layout)}, ${rows * seatsPerRow}, true);
		 insert into showtimes (id, movie_id, auditorium_id, seat_plan_id, starts_at, ends_at, occupied_until, time_zone, prices, currency, sales_open_at,
			sales_close_at)
		 select id, '${movieId}', room, '${planId}', start, start + interval '2 hours', start + interval '2 hours 20 minutes', 'Europe/Vienna',
			'{"standard": 1250}', 'USD', now() - interval '1 hour', start
		 from jsonb_to_recordset(${quote(rooms)}) as rooms (id uuid, room uuid), (select now() + interval '${startsInMs} milliseconds' as start)`,
	);
	return { showtimeIds, plan: { id: planId, ...layout } };
}

/** Returns a JSON value as an SQL literal. */
const quote = (value: unknown): string => `'${JSON.stringify(value).replaceAll("'", "''")}'::jsonb`;
