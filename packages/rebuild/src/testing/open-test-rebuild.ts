/** For tests of this package: a Redis server, a database with showtimes and users, and what a rebuild works with. */
import { createDatabase, type Database } from "@holdfast/database";
import { DEFAULT_LIMITS, type ShowtimeId, type UserId } from "@holdfast/domain";
import { queryPostgres } from "@holdfast/local-stack";
import { createLogger } from "@holdfast/runtime";
import { createSeatStore, type SeatStore } from "@holdfast/seat-store";
import { buy as buySeats, holdSeats, installedShowtime } from "@holdfast/seat-store/testing";
import { createTestDatabase, insertShowtimes, insertUsers, startTestRedis } from "@holdfast/testing";
import type { RebuildDeps } from "../rebuild-showtime.ts";
import { settleAll } from "./settle-all.ts";

/** What `openTestRebuild` returns. */
export type TestRebuild = Awaited<ReturnType<typeof openTestRebuild>>;

/** Starts the servers and inserts ten users. Call `stop` at the end. */
export async function openTestRebuild() {
	const [redis, testDatabase] = await Promise.all([startTestRedis(), createTestDatabase()]);
	const database: Database = createDatabase({ url: testDatabase.url });
	const seatStore = createSeatStore({ url: redis.url, limits: DEFAULT_LIMITS });
	const users = await insertUsers(testDatabase.url, 10);
	const deps: RebuildDeps = { seatStore, database, quarantineMs: null, log: createLogger("rebuild", "silent") };

	/** Holds the seats for a user; returns the command that confirms or cancels the hold. `buyer`: the user's position in `users`. */
	async function hold(showtimeId: ShowtimeId, seats: number[], buyer = 0, store: SeatStore = seatStore) {
		return holdSeats(store, await installedShowtime(store, showtimeId), seats, { userId: userOf(buyer) });
	}

	/** Holds and confirms the seats for a user; returns the command that cancels the booking. */
	async function buy(showtimeId: ShowtimeId, seats: number[], buyer = 0, store: SeatStore = seatStore) {
		return buySeats(store, await installedShowtime(store, showtimeId), seats, { userId: userOf(buyer) });
	}

	function userOf(buyer: number): UserId {
		const userId = users[buyer];
		if (userId === undefined) throw new Error(`there is no user at position ${buyer}`);
		return userId;
	}

	return {
		redis,
		database,
		databaseUrl: testDatabase.url,
		seatStore,
		users,
		deps,
		buy,
		hold,
		/** Settles every bucket once, as the sweeper does; returns how many entries were settled. */
		settle: async (): Promise<number> => (await settleAll({ seatStore, database })).settled,
		query: (statement: string) => queryPostgres(testDatabase.url, statement),
		/** Inserts a showtime into Postgres only. Default: in a random bucket. */
		async newShowtime(bucket?: number): Promise<ShowtimeId> {
			const [id] = (await insertShowtimes(testDatabase.url, bucket === undefined ? {} : { bucket })).showtimeIds;
			if (id === undefined) throw new Error("no showtime was inserted");
			return id;
		},
		async stop() {
			await Promise.all([seatStore.close(), database.close()]);
			await Promise.all([redis.stop(), testDatabase.drop()]);
		},
	};
}
