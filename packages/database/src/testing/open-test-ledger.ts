/**
 * Opens a migrated database for one test file, with an auditorium of 10 x 10 seats and a movie. Its helpers add users and showtimes, and
 * build outbox entries like those of the seat store. For tests only.
 */
import {
	type BookingEvent,
	EVENT_SCHEMAS,
	gridLayout,
	newAuditoriumId,
	newBookingId,
	newMovieId,
	newSeatPlanId,
	newShowtimeId,
	type OutboxEntry,
	type OutboxEvent,
	type ShowtimeEvent,
	type ShowtimeId,
	sumOf,
	type UserId,
} from "@holdfast/domain";
import { createTestDatabase } from "@holdfast/testing";
import { type SQL, sql } from "drizzle-orm";
import { createDatabase } from "../create-database.ts";
import { type OpenInLedgerOutcome, type OpenInLedgerRequest, openShowtimeInLedger } from "../ledger/open-showtime-in-ledger.ts";
import { readFrom, writeTo } from "../run-queries.ts";
import { auditoriums, movies, seatPlans, showtimes } from "../schema/index.ts";
import { createUser } from "../users/create-user.ts";

const HOUR_MS = 3_600_000;
/** An instant with milliseconds, so that a test notices a lost digit. */
const NOW_MS = Date.UTC(2031, 4, 6, 18, 30, 0, 123);

/** The database of a test file and its helpers. */
export type TestLedger = Awaited<ReturnType<typeof openTestLedger>>;

/** Returns the database and its helpers. Call `stop` when the tests are done. */
export async function openTestLedger() {
	const test = await createTestDatabase();
	const database = createDatabase({ url: test.url });
	const [auditoriumId, movieId, planId] = [newAuditoriumId(), newMovieId(), newSeatPlanId()];
	const tiers = [{ id: "standard", name: "Standard" }];
	const layout = gridLayout({ rows: 10, seatsPerRow: 10, tiers, tierOfRow: () => "standard" });
	await writeTo(database, "upkeep", async (queries) => {
		await queries.insert(auditoriums).values({ id: auditoriumId, name: "Hall 1", timeZone: "Europe/Vienna", currency: "EUR" });
		await queries.insert(seatPlans).values({ id: planId, auditoriumId, layout, seatCount: 100 });
		const movie = { id: movieId, title: "The Third Man", description: "A film.", durationMinutes: 104, genre: "Thriller" };
		await queries.insert(movies).values({ ...movie, status: "now_showing" });
	});
	let users = 0;
	let entries = 0;

	async function addUser(): Promise<UserId> {
		users += 1;
		const made = await createUser(database, { email: `u${users}@example.org`, passwordHash: "-", displayName: "U", role: "user" });
		if (made.outcome !== "created") throw new Error("the e-mail is already taken");
		return made.user.id;
	}

	/** Inserts a showtime that starts a day after `nowMs`, in an auditorium of its own, and returns its id. */
	async function addShowtime(overrides: Partial<typeof showtimes.$inferInsert> = {}): Promise<ShowtimeId> {
		const startsAt = overrides.startsAt ?? new Date(NOW_MS + 24 * HOUR_MS);
		const endsAt = overrides.endsAt ?? new Date(startsAt.getTime() + 2 * HOUR_MS);
		const room = { id: newAuditoriumId(), name: "Hall 1", timeZone: "Europe/Vienna", currency: "EUR" };
		const row = {
			id: newShowtimeId(),
			movieId,
			auditoriumId: room.id,
			seatPlanId: planId,
			startsAt,
			endsAt,
			occupiedUntil: endsAt,
			timeZone: "Europe/Vienna",
			prices: { standard: 1250 },
			currency: "EUR",
			salesOpenAt: new Date(Math.min(NOW_MS, startsAt.getTime()) - HOUR_MS),
			salesCloseAt: startsAt,
			...overrides,
		};
		await writeTo(database, "upkeep", async (queries) => {
			await queries.insert(auditoriums).values(room);
			await queries.insert(showtimes).values(row);
		});
		return row.id;
	}

	/**
	 * Inserts many confirmed bookings directly, as settling would write them. Seat indexes count up from 0, even past the end of the plan.
	 */
	async function addSales(id: ShowtimeId, userId: UserId, { bookings, seatsEach }: { bookings: number; seatsEach: number }): Promise<void> {
		const statement = sql`
			with made as (
				insert into bookings (id, user_id, showtime_id, seat_plan_id, state, version, amount, currency, created_at, expires_at, confirmed_at, schedule_version)
				select gen_random_uuid(), ${userId}, ${id}, ${planId}, 'CONFIRMED', 2, ${seatsEach}, 'EUR', now(), now(), now(), 1
				from generate_series(1, ${bookings}::integer)
				returning id, showtime_id
			), emitted as (
				insert into booking_events (booking_id, version, type, bucket, at, payload) select id, 2, 'booking.confirmed', 0, now(), '{}' from made
			), numbered as (select id, showtime_id, row_number() over () - 1 as at from made)
			insert into booking_seats (booking_id, showtime_id, seat, label, amount, acquired_at)
			select id, showtime_id, at * ${seatsEach} + i, 'X', 1, now() from numbered, generate_series(0, ${seatsEach - 1}::integer) i`;
		await writeTo(database, "rebuilding", (queries) => queries.execute(statement), 30_000);
	}

	/**
	 * Opens a showtime in the ledger, which starts a new epoch: the ledger then refuses events from an older one. By default the caller has
	 * seen epoch 0 (the showtime was never opened before), and its bucket is on timeline 1.
	 */
	function openInNewEpoch(id: ShowtimeId, overrides: Partial<OpenInLedgerRequest> = {}): Promise<OpenInLedgerOutcome> {
		return openShowtimeInLedger(database, id, { seenEpoch: 0, installedEpoch: 0, timeline: 1, quarantineMs: null, ...overrides });
	}

	/** Returns the event of a confirmed booking of `seats`, version 2. */
	function confirmed(
		showtimeId: ShowtimeId,
		userId: UserId,
		seats: readonly number[],
		overrides: Partial<BookingEvent> = {},
	): BookingEvent {
		const amounts = overrides.amounts ?? seats.map(() => 1250);
		return {
			type: "booking.confirmed",
			seq: 0,
			bookingId: newBookingId(showtimeId),
			version: 2,
			userId,
			showtimeId,
			planId,
			seats,
			amounts,
			amount: sumOf(amounts),
			currency: "EUR",
			createdAt: NOW_MS,
			expiresAt: NOW_MS + 420_000,
			confirmedAt: NOW_MS + 1_001,
			cancelledAt: null,
			scheduleVersion: 1,
			at: NOW_MS + 1_001,
			staff: null,
			...overrides,
		};
	}

	/** Returns an event for a showtime of `addShowtime`: open, both versions at 2, and all other values unchanged. */
	function showtimeEventOf(showtimeId: ShowtimeId, overrides: Partial<ShowtimeEvent> = {}): ShowtimeEvent {
		const startsAt = NOW_MS + 24 * HOUR_MS;
		return {
			type: "showtime.restated",
			seq: 0,
			showtimeId,
			showtimeVersion: 2,
			state: "open",
			priceVersion: 1,
			prices: { standard: 1250 },
			currency: "EUR",
			salesOpenAt: NOW_MS - HOUR_MS,
			salesCloseAt: startsAt,
			blockedSeats: [],
			scheduleVersion: 2,
			startsAt,
			endsAt: startsAt + 2 * HOUR_MS,
			at: NOW_MS + 60_001,
			command: null,
			movedFrom: null,
			...overrides,
		};
	}

	/** Returns the next outbox entry: entry id and sequence number are one higher than in the previous entry. */
	function entryOf(event: OutboxEvent | null, { epoch = 0, raw }: { epoch?: number; raw?: Record<string, string> } = {}): OutboxEntry {
		entries += 1;
		const numbered = event && { ...event, seq: entries };
		return {
			entryId: `${NOW_MS}-${entries}`,
			epoch,
			event: numbered,
			raw: raw ?? { schema: String(EVENT_SCHEMAS.newest), seq: String(entries) },
		};
	}

	return {
		url: test.url,
		/** For statements that the application's role may not run. */
		ownerUrl: test.ownerUrl,
		database,
		movieId,
		auditoriumId,
		planId,
		nowMs: NOW_MS,
		addUser,
		addShowtime,
		addSales,
		openInNewEpoch,
		confirmed,
		showtimeEventOf,
		entryOf,
		/** Runs a statement, which may write, and returns its rows. */
		rows: <Row extends Record<string, unknown>>(statement: SQL) =>
			writeTo(database, "rebuilding", async (queries) => [...(await queries.execute<Row>(statement))], 30_000),
		/** Returns all rows of the ledger, so that a test can compare them before and after. */
		dump: () =>
			readFrom(database, "upkeep", async (queries) => {
				const tables = [
					"bookings",
					"booking_seats",
					"booking_events",
					"dead_letters",
					"buckets",
					"showtimes",
					"showtime_events",
					"refunds",
					"losses",
					"audit_events",
					"notices",
					"showtime_actions",
				];
				const dumps = tables.map((table) => queries.execute(sql`select * from ${sql.identifier(table)} t order by t::text`));
				return (await Promise.all(dumps)).map((rows) => [...rows]);
			}),
		stop: async () => {
			await database.close();
			await test.drop();
		},
	};
}

/** Returns the event that cancels the booking of a confirmed event. */
export function cancelOf(event: BookingEvent, at: number = event.at + 5_000): BookingEvent {
	return { ...event, type: "booking.cancelled", version: event.version + 1, cancelledAt: at, at };
}
