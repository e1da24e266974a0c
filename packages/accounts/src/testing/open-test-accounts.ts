/** For tests of this package: a Redis server, a database, showtimes on sale, and functions that hold, buy and sign in without an API. */
import { createDatabase, type Database, openRefreshFamily } from "@holdfast/database";
import { type BookingId, DEFAULT_LIMITS, type Limits, type ShowtimeId, type UserId } from "@holdfast/domain";
import { queryPostgres } from "@holdfast/local-stack";
import { createRebuilder } from "@holdfast/rebuild";
import { settleAll } from "@holdfast/rebuild/testing";
import { createLogger } from "@holdfast/runtime";
import { createAuthStore, createSeatStore } from "@holdfast/seat-store";
import { buy, holdSeats, installedShowtime } from "@holdfast/seat-store/testing";
import { createTestDatabase, insertShowtimes, insertUsers, type ShowtimeOptions, startTestRedis, waitUntil } from "@holdfast/testing";
import type { DeletionDeps, DeletionOutcome } from "../delete-account.ts";
import { deleteAccount } from "../delete-account.ts";

/** What `openTestAccounts` returns. */
export type TestAccounts = Awaited<ReturnType<typeof openTestAccounts>>;
/** A user of the test. */
export type Person = { readonly userId: UserId; readonly email: string };
/** Confirms a hold, or cancels it or its booking. */
export type HoldCommand = {
	readonly bookingId: BookingId;
	readonly userId: UserId;
	readonly showtimeId: ShowtimeId;
	readonly ifVersion: null;
};

/** So high that no test reaches them. */
const LIMITS: Limits = { ...DEFAULT_LIMITS, liveHoldsPerUserMax: 100, seatsPerUserMax: 100 };

/** Starts the servers. Call `stop` at the end. */
export async function openTestAccounts() {
	const [redis, testDatabase] = await Promise.all([startTestRedis(), createTestDatabase()]);
	const database: Database = createDatabase({ url: testDatabase.url });
	const seatStore = createSeatStore({ url: redis.url, limits: LIMITS });
	const authStore = createAuthStore({ url: redis.url });
	const rebuilder = createRebuilder({ seatStore, database, quarantineMs: null, log: createLogger("rebuild", "silent") });
	await waitUntil("the subscription to denials", () => authStore.isDenied("unknown") === false);
	const deps: DeletionDeps = { seatStore, authStore, database, rebuilder, denialWaitMs: 0 };

	return {
		redis,
		database,
		databaseUrl: testDatabase.url,
		seatStore,
		authStore,
		deps,
		query: (statement: string) => queryPostgres(testDatabase.url, statement),
		/** Deletes the account. `own` replaces single dependencies. */
		remove: (email: string, own: Partial<DeletionDeps> = {}): Promise<DeletionOutcome> => deleteAccount({ ...deps, ...own }, email),
		/** Holds the seats for a user; returns the command that confirms or cancels the hold. */
		async hold({ userId }: Pick<Person, "userId">, showtimeId: ShowtimeId, seats: number[]): Promise<HoldCommand> {
			return holdSeats(seatStore, await installedShowtime(seatStore, showtimeId), seats, { userId });
		},
		/** Holds and confirms the seats for a user; returns the command that cancels the booking. */
		async buy({ userId }: Pick<Person, "userId">, showtimeId: ShowtimeId, seats: number[]): Promise<HoldCommand> {
			return buy(seatStore, await installedShowtime(seatStore, showtimeId), seats, { userId });
		},
		/** Settles every bucket once, as the sweeper does. */
		settle: () => settleAll({ seatStore, database }),
		async newPerson(): Promise<Person> {
			const [userId] = await insertUsers(testDatabase.url, 1);
			if (userId === undefined) throw new Error("no user was inserted");
			return { userId, email: `buyer-${userId}@example.com` };
		},
		/** Inserts showtimes on sale and installs them in Redis. */
		async newShowtimes(options: ShowtimeOptions = {}): Promise<ShowtimeId[]> {
			const { showtimeIds } = await insertShowtimes(testDatabase.url, options);
			await Promise.all(showtimeIds.map((id) => rebuilder.rebuild(id, 0)));
			return showtimeIds;
		},
		/** Signs the user in, as a log-in does after it has verified the password. */
		signIn: ({ userId }: Pick<Person, "userId">) => openRefreshFamily(database, userId),
		/** Whether the user's row is anonymised. Throws if only some of its fields are. */
		async isAnonymous({ userId }: Pick<Person, "userId">): Promise<boolean> {
			const [row] = await queryPostgres(testDatabase.url, `select email, password_hash, display_name from users where id = '${userId}'`);
			if (row === undefined) throw new Error("the user's row is missing");
			const values = Object.values(row);
			if (values.some((value) => value === null) && !values.every((value) => value === null))
				throw new Error("only some fields of the user's row are anonymised");
			return values.every((value) => value === null);
		},
		async stop() {
			authStore.close();
			await Promise.all([seatStore.close(), database.close()]);
			await Promise.all([redis.stop(), testDatabase.drop()]);
		},
	};
}

/** The first item. Throws if the list is empty. */
export function firstOf<Item>(items: readonly Item[]): Item {
	const [first] = items;
	if (first === undefined) throw new Error("the list is empty");
	return first;
}
