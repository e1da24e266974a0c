/** For tests of the sweeper: a Redis server, a database, the dependencies of a sweeper, and showtimes on sale. */
import { createDatabase } from "@holdfast/database";
import { DEFAULT_LIMITS, type Limits, type OpenShowtime, type ShowtimeId } from "@holdfast/domain";
import { queryPostgres } from "@holdfast/local-stack";
import { createRebuilder } from "@holdfast/rebuild";
import { createLogger } from "@holdfast/runtime";
import { createSeatStore, type SeatStoreOptions } from "@holdfast/seat-store";
import { installedShowtime, installSnapshot } from "@holdfast/seat-store/testing";
import { buildShowtime, createTestDatabase, insertShowtimes, type ShowtimeOptions, startTestRedis } from "@holdfast/testing";
import type { SweeperDeps } from "../deps.ts";
import { createSweeper } from "../sweeper.ts";
import { createSweeperMetrics } from "../sweeper-metrics.ts";

/** What `openTestSweeper` returns. */
export type TestSweeper = Awaited<ReturnType<typeof openTestSweeper>>;

type Options = { readonly limits?: Limits } & Pick<SeatStoreOptions, "prepareConnection">;

/** Starts the servers. Call `stop` at the end. */
export async function openTestSweeper({ limits = DEFAULT_LIMITS, ...storeOptions }: Options = {}) {
	const [redis, testDatabase] = await Promise.all([startTestRedis(), createTestDatabase()]);
	const database = createDatabase({ url: testDatabase.url });
	const seatStore = createSeatStore({ url: redis.url, limits, ...storeOptions });
	const query = (statement: string) => queryPostgres(testDatabase.url, statement);
	const deps = (changes: Partial<SweeperDeps> = {}): SweeperDeps => ({
		seatStore,
		database,
		limits,
		quarantineMs: null,
		metrics: createSweeperMetrics(),
		log: createLogger("sweeper", "silent"),
		...changes,
	});

	/** Rebuilds a showtime, as the API does; returns the outcome. */
	async function rebuild(showtimeId: ShowtimeId): Promise<string> {
		const rebuilder = createRebuilder({ seatStore, database, quarantineMs: null, log: createLogger("rebuild", "silent") });
		return (await rebuilder.rebuild(showtimeId, 0)).outcome;
	}

	async function insertShowtime(options: ShowtimeOptions): Promise<OpenShowtime> {
		const { showtimeIds, plan } = await insertShowtimes(testDatabase.url, options);
		const [id] = showtimeIds;
		if (id === undefined) throw new Error("no showtime was inserted");
		return buildShowtime({ id, planId: plan.id });
	}

	return {
		redis,
		databaseUrl: testDatabase.url,
		/** Runs a statement that the application's role may not run. */
		queryAsOwner: (statement: string) => queryPostgres(testDatabase.ownerUrl, statement),
		database,
		seatStore,
		query,
		deps,
		newSweeper: (changes?: Partial<SweeperDeps>) => createSweeper(deps(changes)),
		rebuild,
		/** Inserts a showtime on sale and installs it under epoch 1 without a rebuild. Default: in a random bucket. */
		async openShowtime(bucket?: number): Promise<OpenShowtime> {
			const showtime = await insertShowtime(bucket === undefined ? {} : { bucket });
			await query(`update showtimes set redis_epoch = 1 where id = '${showtime.id}'`);
			await installSnapshot(seatStore, { showtime });
			return showtime;
		},
		/** Inserts a showtime on sale and rebuilds it. */
		async rebuiltShowtime(options: ShowtimeOptions = {}): Promise<OpenShowtime> {
			const { id } = await insertShowtime(options);
			const outcome = await rebuild(id);
			if (outcome !== "opened") throw new Error(`the outcome of the rebuild was ${outcome} instead of opened`);
			return installedShowtime(seatStore, id);
		},
		async stop() {
			await Promise.all([seatStore.close(), database.close()]);
			await Promise.all([redis.stop(), testDatabase.drop()]);
		},
	};
}
