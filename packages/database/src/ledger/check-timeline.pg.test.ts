import { type AdoptedTimeline, DEFAULT_LIMITS, type LedgerTimeline, newShowtimeId, type ShowtimeId } from "@holdfast/domain";
import { waitUntil } from "@holdfast/testing";
import { sql } from "drizzle-orm";
import { afterAll, beforeAll, beforeEach, expect, it } from "vitest";
import { classifySettleError, isDatabaseUnavailable } from "../classify-error.ts";
import { writeTo } from "../run-queries.ts";
import { openTestLedger, type TestLedger } from "../testing/open-test-ledger.ts";
import { checkTimeline } from "./check-timeline.ts";
import { countLosses, LOSS_ALARM_DAYS, listLosses } from "./list-losses.ts";
import { settleBatch } from "./settle-batch.ts";

let ledger: TestLedger;
let userId: Awaited<ReturnType<TestLedger["addUser"]>>;
let showtimeId: ShowtimeId;
let bucket = 0;
beforeAll(async () => {
	ledger = await openTestLedger();
	userId = await ledger.addUser();
});
afterAll(() => ledger.stop());
// Each test uses its own bucket, because each bucket has one timeline.
beforeEach(async () => {
	bucket = (bucket + 1) % DEFAULT_LIMITS.buckets;
	showtimeId = await ledger.addShowtime({ id: newShowtimeId(bucket) });
});

/** Settles one sale with this sequence number. Returns the gap that settling found, or the outcome when it did not settle. */
async function settle(seat: number, seq: number) {
	const entry = { ...ledger.entryOf(null), event: ledger.confirmed(showtimeId, userId, [seat], { seq }) };
	const outcome = await settleBatch(ledger.database, { bucket, entries: [entry] });
	return outcome.outcome === "settled" ? outcome.gap : outcome.outcome;
}

const check = (adopted: AdoptedTimeline) => checkTimeline(ledger.database, bucket, async () => adopted);
const losses = () =>
	ledger.rows(sql`select timeline, last_seq::int, last_recorded_at from losses where bucket = ${bucket} order by timeline`);
const rowOf = async () =>
	(
		await ledger.rows<{ timeline: number; seq: number; timeline_started_at: unknown; recorded_at: unknown }>(
			sql`select timeline, seq::int, timeline_started_at, recorded_at from buckets where bucket = ${bucket}`,
		)
	)[0];

it("records the timeline of a bucket that is new to the ledger, and no loss", async () => {
	const received: unknown[] = [];
	const adopt = async (row: LedgerTimeline | null) => {
		received.push(row);
		return { timeline: 1, lost: false, seq: 0 };
	};
	expect(await checkTimeline(ledger.database, bucket, adopt)).toEqual({ timeline: 1, isNew: false });
	expect(await checkTimeline(ledger.database, bucket, adopt)).toEqual({ timeline: 1, isNew: false });
	expect(received).toEqual([null, { timeline: 1, seq: 0, recordedAt: null }]);
	expect(await rowOf()).toMatchObject({ timeline: 1, seq: 0, timeline_started_at: null });
	expect(await losses()).toEqual([]);
	expect(await settle(1, 1)).toBeNull();
});

it("records a loss once, with the last sequence number of the ledger and the time when it was recorded", async () => {
	await settle(1, 1);
	await settle(2, 2);
	const before = await rowOf();
	expect(await check({ timeline: 2, lost: true, seq: 2 })).toEqual({ timeline: 2, isNew: true });
	expect(await check({ timeline: 2, lost: true, seq: 2 })).toEqual({ timeline: 2, isNew: false });
	expect(await losses()).toEqual([{ timeline: 2, last_seq: 2, last_recorded_at: before?.recorded_at }]);
	const after = await rowOf();
	expect(after).toMatchObject({ timeline: 2, seq: 2 });
	expect(after?.timeline_started_at).not.toBeNull();
});

it("records a loss without a last time when nothing was settled before", async () => {
	await check({ timeline: 1, lost: false, seq: 0 });
	await check({ timeline: 2, lost: true, seq: 0 });
	expect(await losses()).toEqual([{ timeline: 2, last_seq: 0, last_recorded_at: null }]);
});

it("records a higher timeline without a loss when the seat store lost nothing", async () => {
	await settle(1, 1);
	expect(await check({ timeline: 5, lost: false, seq: 1 })).toEqual({ timeline: 5, isNew: true });
	expect(await losses()).toEqual([]);
});

it("never lowers the timeline of a bucket", async () => {
	await settle(1, 1);
	await check({ timeline: 4, lost: true, seq: 1 });
	expect(await check({ timeline: 3, lost: true, seq: 1 })).toEqual({ timeline: 4, isNew: false });
	expect(await rowOf()).toMatchObject({ timeline: 4 });
});

it("reports sequence numbers that were lost with the old timeline as a loss, and not again as a gap", async () => {
	await settle(1, 1);
	// The last sequence number of the seat store was 7, and the next event gets 8.
	await check({ timeline: 2, lost: true, seq: 7 });
	expect(await settle(2, 8)).toBeNull();
	expect(await settle(3, 10)).toEqual({ after: 8, before: 10, missing: 1 });
});

it("still reports a gap when the next sequence number is too high for the ledger and the timeline is the same", async () => {
	await settle(1, 1);
	await check({ timeline: 1, lost: false, seq: 7 });
	expect(await settle(2, 8)).toEqual({ after: 1, before: 8, missing: 6 });
});

it("throws the error of the seat store, and records nothing", async () => {
	await settle(1, 1);
	const before = await ledger.dump();
	const failing = checkTimeline(ledger.database, bucket, () => Promise.reject(new Error("the seat store is unreachable")));
	await expect(failing).rejects.toThrow("the seat store is unreachable");
	expect(await ledger.dump()).toEqual(before);
});

it("lets no batch of the bucket settle during a check, and runs one check at a time", async () => {
	const gate = Promise.withResolvers<void>();
	const order: string[] = [];
	const first = checkTimeline(ledger.database, bucket, async () => {
		order.push("first begins");
		await gate.promise;
		order.push("first ends");
		return { timeline: 1, lost: false, seq: 0 };
	});
	await waitUntil("the first check to begin", () => order.length === 1);
	const second = checkTimeline(ledger.database, bucket, async () => {
		order.push("second");
		return { timeline: 1, lost: false, seq: 0 };
	});
	expect(await settle(1, 1)).toBe("locked");
	gate.resolve();
	await Promise.all([first, second]);
	expect(order).toEqual(["first begins", "first ends", "second"]);
	expect(await settle(1, 1)).toBeNull();
});

it("throws a retryable error when another transaction holds the lock of the bucket for too long", async () => {
	const gate = Promise.withResolvers<void>();
	const isHeld = Promise.withResolvers<void>();
	const holder = writeTo(
		ledger.database,
		"rebuilding",
		(queries) =>
			queries.transaction(async (tx) => {
				await tx.execute(sql`set local idle_in_transaction_session_timeout = 0`);
				await tx.execute(sql`select pg_advisory_xact_lock(1, ${bucket}::integer)`);
				isHeld.resolve();
				await gate.promise;
			}),
		30_000,
	);
	await isHeld.promise;
	let hasAdopted = false;
	const error: unknown = await checkTimeline(ledger.database, bucket, async () => {
		hasAdopted = true;
		return { timeline: 9, lost: true, seq: 0 };
	}).catch((thrown: unknown) => thrown);
	expect([classifySettleError(error), isDatabaseUnavailable(error), hasAdopted]).toEqual(["retry", true, false]);
	gate.resolve();
	await holder;
});

it("lists a proven loss, the newest first, until it is 30 days old", async () => {
	await settle(1, 7);
	await checkTimeline(ledger.database, bucket, async () => ({ timeline: 2, lost: true, seq: 0 }));
	const [newest] = await listLosses(ledger.database, { limit: 1 });
	expect(newest).toEqual({ bucket, timeline: 2, lastSeq: 7, lastRecordedAt: expect.any(Number), foundAt: expect.any(Number) });
	const before = await countLosses(ledger.database);
	expect(await listLosses(ledger.database, { limit: 100 })).toHaveLength(before);
	const age = (days: number) =>
		ledger.rows(sql`update losses set found_at = now() - make_interval(days => ${days}, secs => 1) where bucket = ${bucket}`);
	await age(LOSS_ALARM_DAYS - 1);
	expect(await countLosses(ledger.database)).toBe(before);
	await age(LOSS_ALARM_DAYS);
	expect(await countLosses(ledger.database)).toBe(before - 1);
	expect((await listLosses(ledger.database, { limit: 100 })).map((loss) => loss.bucket)).not.toContain(bucket);
});
