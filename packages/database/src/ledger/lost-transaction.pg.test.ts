/**
 * Tests a transaction whose session ends while its callback waits for something else, as `checkTimeline` waits for Redis. No later
 * statement of this transaction may run outside it, on the socket that the driver opens for the next call. postgres.js 3.4.9 would do
 * that; guard-transactions.ts prevents it.
 */
import { queryPostgres } from "@holdfast/local-stack";
import { waitUntil } from "@holdfast/testing";
import { sql } from "drizzle-orm";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { isDatabaseUnavailable } from "../classify-error.ts";
import { createDatabase, type Database, type Queries } from "../create-database.ts";
import { readFrom, writeTo } from "../run-queries.ts";
import { openTestLedger, type TestLedger } from "../testing/open-test-ledger.ts";
import { replaceLane } from "../testing/replace-lane.ts";
import { checkTimeline } from "./check-timeline.ts";

/** How long after the loss the callback continues: before the driver notices it, while it reconnects (100 ms), and afterwards. */
const DELAYS_MS = [0, 20, 150, 600];
/** A statement without a result for this long was not answered; an answer takes far less. */
const UNANSWERED_MS = 2_000;
const CALLS_WAITING = 6;

let ledger: TestLedger;
beforeAll(async () => {
	ledger = await openTestLedger();
});
afterAll(() => ledger.stop());

const wait = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
const outcomeOf = (call: Promise<unknown>) =>
	call.then(
		() => "resolved",
		(error: unknown) => error,
	);

/** Ends the session that holds the lock of the bucket, as a failover or an operator would, and returns once it has ended. */
async function endSession(bucket: number): Promise<void> {
	const held = `from pg_locks where locktype = 'advisory' and database = (select oid from pg_database where datname = current_database())
		and classid = 1 and objid = ${bucket}`;
	expect(await queryPostgres(ledger.url, `select pg_terminate_backend(pid) as ended ${held}`)).toEqual([{ ended: "t" }]);
	await waitUntil("the session to end", async () => (await queryPostgres(ledger.url, `select 1 ${held}`)).length === 0);
}

/** The outcomes of the calls that ran concurrently with a transaction. */
const calls: Promise<unknown>[] = [];

/**
 * Ends the session and returns after `delayMs`. In the meantime, calls that wait for the only connection, and one later call, make the
 * driver reconnect.
 */
async function loseSession(database: Database, bucket: number, delayMs: number): Promise<void> {
	const call = () => outcomeOf(readFrom(database, "rebuilding", (queries) => queries.execute(sql`select pg_sleep(0.05)`)));
	calls.push(...Array.from({ length: CALLS_WAITING }, call));
	await endSession(bucket);
	calls.push(call());
	await wait(delayMs);
}

/**
 * Runs `work` on a separate handle with one connection for each kind of work. When this resolves, the concurrent calls have ended and the
 * handle is closed, so nothing that the driver had queued can commit afterwards.
 */
async function onOwnHandle<Result>(work: (database: Database) => Promise<Result>): Promise<Result> {
	const database = createDatabase({ url: ledger.url, poolMax: 1 });
	try {
		return await work(database);
	} finally {
		await Promise.all(calls.splice(0));
		await database.close();
	}
}

/** Returns `database` and the outcome of each transaction callback. The caller of a lost transaction never gets that outcome. */
function watchWork(database: Database): { watched: Database; ended: Promise<unknown>[] } {
	const ended: Promise<unknown>[] = [];
	const watch = (queries: Queries): Queries =>
		Object.create(queries, {
			transaction: {
				value: ((work, config) =>
					queries.transaction((tx) => {
						const working = work(tx);
						ended.push(outcomeOf(working));
						return working;
					}, config)) satisfies Queries["transaction"],
			},
		});
	const watched = replaceLane(database, "rebuilding", (work, deadlineMs) =>
		writeTo(database, "rebuilding", (queries) => work(watch(queries)), deadlineMs),
	);
	return { watched, ended };
}

const timelineOf = (bucket: number) =>
	ledger.rows(sql`select timeline, seq::int, (select count(*)::int from losses where losses.bucket = buckets.bucket) as losses
		from buckets where bucket = ${bucket}`);
const BEFORE = [{ timeline: 1, seq: 0, losses: 0 }];

/** Checks the timeline of a bucket whose history the seat store has lost. The seat store answers after `meanwhile`. */
const checkLoss = (database: Database, bucket: number, meanwhile: () => Promise<unknown>) =>
	checkTimeline(database, bucket, async () => {
		await meanwhile();
		return { timeline: 2, lost: true, seq: 7 };
	});

describe.each(DELAYS_MS.map((delayMs, place) => ({ delayMs, bucket: place })))(
	"a transaction whose callback continues $delayMs ms after its session was ended",
	({ delayMs, bucket }) => {
		it("fails the timeline check and records nothing", async () => {
			await checkTimeline(ledger.database, bucket, async () => ({ timeline: 1, lost: false, seq: 0 }));
			await onOwnHandle(async (database) => {
				const { watched, ended } = watchWork(database);
				const checked = outcomeOf(checkLoss(watched, bucket, () => loseSession(database, bucket, delayMs)));
				expect(isDatabaseUnavailable(await checked)).toBe(true);
				expect(ended).toHaveLength(1);
				expect(await Promise.race([ended[0], wait(delayMs + UNANSWERED_MS)])).toBeInstanceOf(Error);
				expect(await timelineOf(bucket)).toEqual(BEFORE);
			});
			expect(await timelineOf(bucket)).toEqual(BEFORE);
		});

		it("fails even when its callback has nothing more to write", async () => {
			const before = await ledger.dump();
			await onOwnHandle(async (database) => {
				const { watched, ended } = watchWork(database);
				const unchanged = checkTimeline(watched, bucket, async () => {
					await loseSession(database, bucket, delayMs);
					return { timeline: 1, lost: false, seq: 0 };
				});
				expect(isDatabaseUnavailable(await outcomeOf(unchanged))).toBe(true);
				expect(await ended[0]).toBe("resolved");
			});
			expect(await ledger.dump()).toEqual(before);
		});

		it("rejects each later statement, even after an earlier one has failed, and commits none", async () => {
			const before = await ledger.dump();
			const later: unknown[] = [];
			await onOwnHandle(async (database) => {
				const worked = Promise.withResolvers<void>();
				const work = async (tx: Queries): Promise<void> => {
					await tx.execute(sql`select pg_advisory_xact_lock(1, ${bucket}::integer)`);
					await loseSession(database, bucket, delayMs);
					// The callback continues after a failed statement.
					for (const set of [sql`timeline = 8`, sql`seq = 8`, sql`timeline = 9`]) {
						const statement = async () => tx.execute(sql`update buckets set ${set} where bucket = ${bucket}`);
						later.push(await Promise.race([outcomeOf(statement()), wait(UNANSWERED_MS)]));
					}
				};
				const run = writeTo(database, "rebuilding", (queries) =>
					queries.transaction(async (tx) => {
						await work(tx).then(worked.resolve, worked.reject);
					}),
				);
				expect(isDatabaseUnavailable(await outcomeOf(run))).toBe(true);
				await worked.promise;
			});
			expect(later).toEqual([expect.any(Error), expect.any(Error), expect.any(Error)]);
			expect(await ledger.dump()).toEqual(before);
		});
	},
);

it("a timeline check whose session stays alive commits the same statements", async () => {
	const bucket = DELAYS_MS.length;
	await checkTimeline(ledger.database, bucket, async () => ({ timeline: 1, lost: false, seq: 0 }));
	await onOwnHandle(async (database) => {
		const { watched, ended } = watchWork(database);
		expect(await checkLoss(watched, bucket, () => wait(20))).toEqual({ timeline: 2, isNew: true });
		expect(await ended[0]).toBe("resolved");
	});
	expect(await timelineOf(bucket)).toEqual([{ timeline: 2, seq: 0, losses: 1 }]);
});
