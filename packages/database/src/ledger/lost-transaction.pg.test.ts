/**
 * A transaction whose session ends while its work waits for something else, as `checkTimeline` waits for Redis. None of its later
 * statements may run outside the transaction, on the socket that the driver opens for the next call. postgres.js 3.4.9 would do that;
 * `openLane` prevents it, as it ends a pool that has lost a connection.
 */
import { queryPostgres } from "@holdfast/local-stack";
import { waitUntil } from "@holdfast/testing";
import { sql } from "drizzle-orm";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { isDatabaseUnavailable } from "../classify-error.ts";
import { createDatabase, type Database, type Queries } from "../create-database.ts";
import { openTestLedger, type TestLedger } from "../open-test-ledger.ts";
import { checkTimeline } from "./check-timeline.ts";

/** How long after the loss the work goes on: before the driver has noticed, while it reconnects (100 ms), and once it has. */
const DELAYS_MS = [0, 20, 150, 600];
/** A statement that was sent is answered far sooner. */
const UNANSWERED_MS = 300;

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

/** Ends the session that holds the lock of the bucket, as a failover or an operator does, and returns once it is gone. */
async function endSession(bucket: number): Promise<void> {
	const held = `from pg_locks where locktype = 'advisory' and database = (select oid from pg_database where datname = current_database())
		and classid = 1 and objid = ${bucket}`;
	expect(await queryPostgres(ledger.url, `select pg_terminate_backend(pid) as ended ${held}`)).toEqual([{ ended: "t" }]);
	await waitUntil("the session to be gone", async () => (await queryPostgres(ledger.url, `select 1 ${held}`)).length === 0);
}

/** Ends the session and goes on after `delayMs`, while another call makes the driver open the only connection again. */
async function loseSession(database: Database, bucket: number, delayMs: number): Promise<void> {
	await endSession(bucket);
	others.push(outcomeOf(database.run("rebuilding", (queries) => queries.execute(sql`select 1`))));
	await wait(delayMs);
}
const others: Promise<unknown>[] = [];

/**
 * Runs `work` on a handle of its own with one connection for each kind of work. Every session has ended when this resolves: nothing
 * of it can commit after that. */
async function onOwnHandle<Result>(name: string, work: (database: Database) => Promise<Result>): Promise<Result> {
	const database = createDatabase({ url: ledger.url, applicationName: name, poolMax: 1 });
	try {
		return await work(database);
	} finally {
		await database.close();
		const sessions = `select 1 from pg_stat_activity where application_name = '${name}'`;
		await waitUntil("every session to end", async () => (await queryPostgres(ledger.url, sessions)).length === 0, 10_000);
	}
}

/** `database`, and how the work of each of its transactions ends: the caller of a lost one never learns that. */
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
	const run: Database["run"] = (kind, work, ownDeadlineMs) => database.run(kind, (queries) => work(watch(queries)), ownDeadlineMs);
	return { watched: { ...database, run }, ended };
}

const timelineOf = (bucket: number) =>
	ledger.rows(sql`select timeline, seq::int, (select count(*)::int from losses where losses.bucket = buckets.bucket) as losses
		from buckets where bucket = ${bucket}`);
const BEFORE = [{ timeline: 1, seq: 0, losses: 0 }];

/** Checks the bucket's timeline; the seat store has lost something, and answers after `meanwhile`. */
const checkLoss = (database: Database, bucket: number, meanwhile: () => Promise<unknown>) =>
	checkTimeline(database, bucket, async () => {
		await meanwhile();
		return { timeline: 2, lost: true, seq: 7 };
	});

describe.each(DELAYS_MS.map((delayMs, place) => ({ delayMs, bucket: place })))(
	"a transaction that goes on $delayMs ms after its session was ended",
	({ delayMs, bucket }) => {
		it("fails the check of a timeline, and records nothing of it", async () => {
			await checkTimeline(ledger.database, bucket, async () => ({ timeline: 1, lost: false, seq: 0 }));
			await onOwnHandle(`check-${delayMs}`, async (database) => {
				const { watched, ended } = watchWork(database);
				const checked = outcomeOf(checkLoss(watched, bucket, () => loseSession(database, bucket, delayMs)));
				expect(isDatabaseUnavailable(await checked)).toBe(true);
				expect(ended).toHaveLength(1);
				expect(await Promise.race([ended[0], wait(delayMs + UNANSWERED_MS)])).toBeInstanceOf(Error);
				expect(await timelineOf(bucket)).toEqual(BEFORE);
			});
			expect(await timelineOf(bucket)).toEqual(BEFORE);
		});

		it("runs none of its later statements: the first is rejected, and no later one is answered with success", async () => {
			const before = await ledger.dump();
			const later: unknown[] = [];
			await onOwnHandle(`statements-${delayMs}`, async (database) => {
				const worked = Promise.withResolvers<void>();
				const work = async (tx: Queries): Promise<void> => {
					await tx.execute(sql`select pg_advisory_xact_lock(1, ${bucket}::integer)`);
					await loseSession(database, bucket, delayMs);
					// A work that goes on after a failure. The driver answers the first of these statements, and need not answer the others.
					for (const set of [sql`timeline = 8`, sql`seq = 8`, sql`timeline = 9`]) {
						const statement = tx.execute(sql`update buckets set ${set} where bucket = ${bucket}`);
						later.push(await Promise.race([outcomeOf(statement), wait(UNANSWERED_MS)]));
					}
				};
				const run = database.run("rebuilding", (queries) =>
					queries.transaction(async (tx) => {
						await work(tx).then(worked.resolve, worked.reject);
					}),
				);
				expect(isDatabaseUnavailable(await outcomeOf(run))).toBe(true);
				await worked.promise;
			});
			expect(later).toHaveLength(3);
			expect(later[0]).toBeInstanceOf(Error);
			expect(later).not.toContain("resolved");
			expect(await ledger.dump()).toEqual(before);
		});
	},
);

it("a check whose session lives commits the same statements", async () => {
	const bucket = DELAYS_MS.length;
	await checkTimeline(ledger.database, bucket, async () => ({ timeline: 1, lost: false, seq: 0 }));
	await onOwnHandle("check-live", async (database) => {
		const { watched, ended } = watchWork(database);
		expect(await checkLoss(watched, bucket, () => wait(20))).toEqual({ timeline: 2, isNew: true });
		expect(await ended[0]).toBe("resolved");
	});
	expect(await timelineOf(bucket)).toEqual([{ timeline: 2, seq: 0, losses: 1 }]);
});
