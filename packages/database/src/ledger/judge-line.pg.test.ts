import { BUCKET_COUNT, newShowtimeId, type ShowtimeId } from "@holdfast/domain";
import { waitUntil } from "@holdfast/testing";
import { sql } from "drizzle-orm";
import { afterAll, beforeAll, beforeEach, expect, it } from "vitest";
import { classifySettleError, isDatabaseUnavailable } from "../classify-error.ts";
import { openTestLedger, type TestLedger } from "../open-test-ledger.ts";
import { type JudgedLine, judgeLine, type LedgerLine } from "./judge-line.ts";
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
// A bucket of its own for each test, since a line is a bucket's.
beforeEach(async () => {
	bucket = (bucket + 1) % BUCKET_COUNT;
	showtimeId = await ledger.addShowtime({ id: newShowtimeId(bucket) });
});

/** Settle one sale with this number. */
async function settle(seat: number, seq: number) {
	const entry = { ...ledger.entryOf(null), event: ledger.confirmed(showtimeId, userId, [seat], { seq }) };
	const outcome = await settleBatch(ledger.database, { bucket, entries: [entry] });
	return outcome.outcome === "settled" ? outcome.gap : outcome.outcome;
}

const judge = (judged: JudgedLine) => judgeLine(ledger.database, bucket, async () => judged);
const losses = () => ledger.rows(sql`select line, last_seq::int, last_recorded_at from losses where bucket = ${bucket} order by line`);
const rowOf = async () =>
	(
		await ledger.rows<{ line: number; seq: number; line_started_at: unknown; recorded_at: unknown }>(
			sql`select line, seq::int, line_started_at, recorded_at from buckets where bucket = ${bucket}`,
		)
	)[0];

it("a bucket that the ledger has never met is noted with the line it has, and nothing is lost", async () => {
	const handed: unknown[] = [];
	const judging = async (row: LedgerLine | null) => {
		handed.push(row);
		return { line: 1, lost: false, seq: 0 };
	};
	expect(await judgeLine(ledger.database, bucket, judging)).toEqual({ line: 1, isRisen: false });
	expect(await judgeLine(ledger.database, bucket, judging)).toEqual({ line: 1, isRisen: false });
	expect(handed).toEqual([null, { line: 1, seq: 0, recordedAt: null }]);
	expect(await rowOf()).toMatchObject({ line: 1, seq: 0, line_started_at: null });
	expect(await losses()).toEqual([]);
	expect(await settle(1, 1)).toBeNull();
});

it("a line that rose with a loss tells what the ledger had last and when, once", async () => {
	await settle(1, 1);
	await settle(2, 2);
	const before = await rowOf();
	expect(await judge({ line: 2, lost: true, seq: 2 })).toEqual({ line: 2, isRisen: true });
	expect(await judge({ line: 2, lost: true, seq: 2 })).toEqual({ line: 2, isRisen: false });
	expect(await losses()).toEqual([{ line: 2, last_seq: 2, last_recorded_at: before?.recorded_at }]);
	const after = await rowOf();
	expect(after).toMatchObject({ line: 2, seq: 2 });
	expect(after?.line_started_at).not.toBeNull();
});

it("a loss before anything was recorded has no last instant", async () => {
	await judge({ line: 1, lost: false, seq: 0 });
	await judge({ line: 2, lost: true, seq: 0 });
	expect(await losses()).toEqual([{ line: 2, last_seq: 0, last_recorded_at: null }]);
});

it("a line that rose without a loss is adopted in silence", async () => {
	await settle(1, 1);
	expect(await judge({ line: 5, lost: false, seq: 1 })).toEqual({ line: 5, isRisen: true });
	expect(await losses()).toEqual([]);
});

it("a line never falls", async () => {
	await settle(1, 1);
	await judge({ line: 4, lost: true, seq: 1 });
	expect(await judge({ line: 3, lost: true, seq: 1 })).toEqual({ line: 4, isRisen: false });
	expect(await rowOf()).toMatchObject({ line: 4 });
});

it("numbers that went down with the old line are told as a loss, and not again as a gap", async () => {
	await settle(1, 1);
	// The seat store had come to 7, and continues there.
	await judge({ line: 2, lost: true, seq: 7 });
	expect(await settle(2, 8)).toBeNull();
	expect(await settle(3, 10)).toEqual({ after: 8, before: 10, missing: 1 });
});

it("a counter that continues above the ledger's on the same line hides no gap", async () => {
	await settle(1, 1);
	await judge({ line: 1, lost: false, seq: 7 });
	expect(await settle(2, 8)).toEqual({ after: 1, before: 8, missing: 6 });
});

it("what the judge throws is thrown, and nothing is noted", async () => {
	await settle(1, 1);
	const before = await ledger.dump();
	const failing = judgeLine(ledger.database, bucket, () => Promise.reject(new Error("the seat store is gone")));
	await expect(failing).rejects.toThrow("the seat store is gone");
	expect(await ledger.dump()).toEqual(before);
});

it("nobody settles while a line is judged, and judges come one after the other", async () => {
	const gate = Promise.withResolvers<void>();
	const order: string[] = [];
	const first = judgeLine(ledger.database, bucket, async () => {
		order.push("first begins");
		await gate.promise;
		order.push("first ends");
		return { line: 1, lost: false, seq: 0 };
	});
	await waitUntil("the first judges", () => order.length === 1);
	const second = judgeLine(ledger.database, bucket, async () => {
		order.push("second");
		return { line: 1, lost: false, seq: 0 };
	});
	expect(await settle(1, 1)).toBe("locked");
	gate.resolve();
	await Promise.all([first, second]);
	expect(order).toEqual(["first begins", "first ends", "second"]);
	expect(await settle(1, 1)).toBeNull();
});

it("a judge that waits too long for its turn is told to come again", async () => {
	const gate = Promise.withResolvers<void>();
	const isHeld = Promise.withResolvers<void>();
	const holder = ledger.database.run(
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
	let hasJudged = false;
	const error: unknown = await judgeLine(ledger.database, bucket, async () => {
		hasJudged = true;
		return { line: 9, lost: true, seq: 0 };
	}).catch((thrown: unknown) => thrown);
	expect([classifySettleError(error), isDatabaseUnavailable(error), hasJudged]).toEqual(["retry", true, false]);
	gate.resolve();
	await holder;
});
