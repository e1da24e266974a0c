/** For tests of this room: a Redis, a database with showtimes and users, and rebuilders on them. */
import { createDatabase, type Database, settleBatch } from "@holdfast/database";
import { DEFAULT_LIMITS, isBookingEvent, listBuckets, newBookingId, type ShowtimeId, type UserId } from "@holdfast/domain";
import { queryPostgres } from "@holdfast/local-stack";
import { createLogger } from "@holdfast/runtime";
import { createSeatStore, type SeatStore } from "@holdfast/seat-store";
import { createTestDatabase, insertShowtimes, insertUsers, startTestRedis } from "@holdfast/testing";
import type { RebuildDeps } from "../rebuild-showtime.ts";

export type TestRebuild = Awaited<ReturnType<typeof openTestRebuild>>;

export async function openTestRebuild() {
	const [redis, testDatabase] = await Promise.all([startTestRedis(), createTestDatabase()]);
	const database: Database = createDatabase({ url: testDatabase.url });
	const seatStore = createSeatStore({ url: redis.url, limits: DEFAULT_LIMITS });
	const users = await insertUsers(testDatabase.url, 10);
	const deps: RebuildDeps = { seatStore, database, quarantineMs: null, log: createLogger("rebuild", "silent") };

	/** Hold and confirm; gives the command that cancels it. */
	async function buy(showtimeId: ShowtimeId, seats: number[], buyer = 0, store: SeatStore = seatStore) {
		const command = await hold(showtimeId, seats, buyer, store);
		const { outcome } = await store.confirmBooking(command);
		if (outcome !== "confirmed") throw new Error(`the confirm was answered ${outcome}`);
		return command;
	}

	async function hold(showtimeId: ShowtimeId, seats: number[], buyer = 0, store: SeatStore = seatStore) {
		const [userId, showtime] = [users[buyer] as UserId, await store.readShowtime(showtimeId)];
		if (showtime === null) throw new Error("the showtime is not installed");
		const bookingId = newBookingId(showtimeId);
		const { outcome } = await store.placeHold({ bookingId, userId, showtime, seats, amounts: seats.map(() => 1250), idempotencyKey: null });
		if (outcome !== "held") throw new Error(`the hold was answered ${outcome}`);
		return { bookingId, userId, showtimeId, ifVersion: null };
	}

	/** What a sweeper does, once; gives how many entries were settled. */
	async function settle(): Promise<number> {
		let settled = 0;
		for (const bucket of listBuckets(DEFAULT_LIMITS)) {
			const entries = await seatStore.readBatch(bucket, { afterEntryId: null, limit: 500 });
			if (entries.length === 0) continue;
			const outcome = await settleBatch(database, { bucket, entries });
			if (outcome.outcome !== "settled") throw new Error("another process settles the bucket");
			const done = entries.filter(({ entryId }) => outcome.acked.includes(entryId));
			settled += done.length;
			await seatStore.ackBatch(
				bucket,
				done.map(({ entryId, event }) => ({
					entryId,
					booking: event && isBookingEvent(event) ? { id: event.bookingId, version: event.version } : null,
				})),
			);
		}
		return settled;
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
		settle,
		query: (statement: string) => queryPostgres(testDatabase.url, statement),
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
