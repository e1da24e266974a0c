/** Tests the maximum size of a batch, the progress of a bucket, gaps in its sequence numbers, and dead letters. */
import {
	type BookingEvent,
	bucketOf,
	EVENT_SCHEMAS,
	LIMIT_SPECS,
	newSeatPlanId,
	newShowtimeId,
	newUserId,
	type OutboxEntry,
	type ShowtimeId,
} from "@holdfast/domain";
import { sql } from "drizzle-orm";
import { drizzle } from "drizzle-orm/postgres-js";
import postgres from "postgres";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { classifySettleError } from "../classify-error.ts";
import { cancelOf, openTestLedger, type TestLedger } from "../testing/open-test-ledger.ts";
import { replaceLane } from "../testing/replace-lane.ts";
import { seatOwners } from "./list-seat-owners.ts";
import { type SettleOutcome, settleBatch, UnknownEntryVersion } from "./settle-batch.ts";

let ledger: TestLedger;
let showtimeId: ShowtimeId;
let userId: Awaited<ReturnType<TestLedger["addUser"]>>;
beforeAll(async () => {
	ledger = await openTestLedger();
	userId = await ledger.addUser();
});
afterAll(() => ledger.stop());
beforeEach(async () => {
	showtimeId = await ledger.addShowtime();
});

type Settled = Extract<SettleOutcome, { outcome: "settled" }>;

async function settle(entries: OutboxEntry[]): Promise<Settled> {
	const outcome = await settleBatch(ledger.database, { bucket: bucketOf(showtimeId), entries });
	if (outcome.outcome !== "settled") throw new Error(`not settled: ${outcome.outcome}`);
	return outcome;
}

const sale = (seats: number[], overrides: Partial<BookingEvent> = {}) => ledger.confirmed(showtimeId, userId, seats, overrides);
const entry = (event: BookingEvent, epoch = 0) => ledger.entryOf(event, { epoch });
const owners = async () => (await seatOwners(ledger.database, showtimeId)).map(({ seat, bookingId }) => [seat, bookingId]);

const deadLetters = () =>
	ledger.rows<{ entry_id: string; error_code: string; error_message: string; raw: Record<string, string> }>(
		sql`select entry_id, error_code, error_message, raw from dead_letters where bucket = ${bucketOf(showtimeId)}`,
	);
const deadLetterOf = async ({ entryId }: OutboxEntry) => (await deadLetters()).find((deadLetter) => deadLetter.entry_id === entryId);

describe("an entry that can never be settled", () => {
	it.each([
		["that contains no event", "unparsable", () => ledger.entryOf(null, { raw: { schema: "1", what: "is this" } })],
		["of a sale with missing fields", "unparsable", () => ledger.entryOf(null, { raw: { schema: "1", type: "booking.confirmed" } })],
		[
			"of a showtime event with missing fields",
			"unparsable",
			() => ledger.entryOf(null, { raw: { schema: "1", type: "showtime.paused" } }),
		],
		[
			"of a showtime that the ledger does not have",
			"unknown_showtime",
			() => entry(ledger.confirmed(newShowtimeId(bucketOf(showtimeId)), userId, [1])),
		],
		["of another bucket", "wrong_bucket", () => entry(ledger.confirmed(newShowtimeId((bucketOf(showtimeId) + 1) % 16), userId, [1]))],
		["of an unknown plan", "unknown_plan", () => entry(sale([1], { planId: newSeatPlanId() }))],
		["of a seat outside its plan", "unknown_seat", () => entry(sale([1, 100]))],
		["that names a seat twice", "repeated_seat", () => entry(sale([1, 1]))],
		["whose amounts do not add up", "impossible_value", () => entry(sale([1, 2], { amount: 2_499 }))],
		["without an amount for a seat", "impossible_value", () => entry(sale([1, 2], { amounts: [2_500] }))],
		["of an unknown user", "23503", () => entry(sale([1], { userId: newUserId() }))],
		["with an invalid currency", "23514", () => entry(sale([1], { currency: "euro" }))],
		["with a version too large for its column", "22003", () => entry(sale([1], { version: 3_000_000_000 }))],
		["with an instant beyond the range of JavaScript dates", "impossible_instant", () => entry(sale([1], { at: Number.MAX_SAFE_INTEGER }))],
		["with an instant before the range of Postgres timestamps", "22008", () => entry(sale([1], { at: -8_640_000_000_000_000 }))],
		["with a character that Postgres cannot store", "22P05", () => entry(sale([1], { currency: "E\0R" }))],
	])("is dead-lettered, and its neighbours are settled: an entry %s (%s)", async (_what, code, makeEntry) => {
		const [before, poison, after] = [entry(sale([50])), makeEntry(), entry(sale([51]))];
		const outcome = await settle([before, poison, after]);
		expect(new Set(outcome.acked)).toEqual(new Set([before.entryId, poison.entryId, after.entryId]));
		expect(outcome.deadLettered).toEqual([poison.entryId]);
		expect(await deadLetterOf(poison)).toMatchObject({ error_code: code, raw: poison.raw });
		expect(await owners()).toHaveLength(2);
		expect(await deadLetterOf(before)).toBeUndefined();
	});

	it("its dead letter keeps all fields of the entry, even those with characters that a text column of Postgres cannot store", async () => {
		const raw = { schema: "1", note: "nul \0, half a pair \ud83d, quote ' and \\" };
		const poison = ledger.entryOf(null, { raw });
		await settle([poison]);
		const [row] = await ledger.rows<{ text: string }>(sql`select raw::text as text from dead_letters where entry_id = ${poison.entryId}`);
		expect(JSON.parse(row?.text ?? "")).toEqual(raw);
	});

	it("has a dead letter with the message of Postgres as the reason, without the statement", async () => {
		const poison = entry(sale([1], { userId: newUserId() }));
		await settle([poison]);
		const message = (await deadLetterOf(poison))?.error_message;
		expect(message).toContain("bookings_user_id_users_id_fk");
		expect(message).not.toContain("insert into");
	});

	it("does not stop the others: with seven poison entries among 500, the other 493 settle in one transaction", async () => {
		const poisonAt = new Set([0, 77, 78, 250, 251, 498, 499]);
		const { showtimes, entries } = await fullBatch((index) => (poisonAt.has(index) ? { userId: newUserId() } : {}));
		const outcome = await settle(entries);
		expect(outcome.deadLettered).toEqual([...poisonAt].map((index) => entries[index]?.entryId));
		expect(outcome).toMatchObject({ recorded: 493, conflicts: [] });
		const [row] = await ledger.rows<{ bookings: number; transactions: number }>(
			sql`select count(*)::int as bookings, count(distinct recorded_at)::int as transactions from bookings where showtime_id in ${showtimes}`,
		);
		expect(row).toEqual({ bookings: 493, transactions: 1 });
	});
});

describe("an entry of a newer schema version or of an unknown type", () => {
	it("is not dead-lettered: the entries before it are settled, it and the entries after it are not", async () => {
		const [before, after] = [entry(sale([52])), entry(sale([53]))];
		for (const raw of [
			{ schema: String(EVENT_SCHEMAS.newest + 1), type: "booking.confirmed" },
			{ schema: "1", type: "showtime.moved" },
		]) {
			const newer = ledger.entryOf(null, { raw });
			expect((await settle([before, newer, after])).acked).toEqual([before.entryId]);
			const error: unknown = await settle([newer, after]).catch((thrown: unknown) => thrown);
			expect(error).toBeInstanceOf(UnknownEntryVersion);
			expect(classifySettleError(error)).toBe("halt");
			expect(await deadLetterOf(newer)).toBeUndefined();
		}
		expect(await owners()).toHaveLength(1);
	});
});

/**
 * Adds five showtimes in one bucket. Returns their ids, the events of 500 sales of one seat each (100 per showtime), and the entries of
 * those events.
 */
async function fullBatch(overridesOf: (index: number) => Partial<BookingEvent>) {
	const bucket = bucketOf(showtimeId);
	const showtimes = await Promise.all(Array.from({ length: 5 }, () => ledger.addShowtime({ id: newShowtimeId(bucket) })));
	const sales = showtimes.flatMap((id, i) =>
		Array.from({ length: 100 }, (_, seat) => ledger.confirmed(id, userId, [seat], overridesOf(i * 100 + seat))),
	);
	return { showtimes, sales, entries: sales.map((event) => entry(event)) };
}

describe("settleBatch", () => {
	it("settles 500 entries, and throws for 501 before it writes anything", async () => {
		const { entries } = await fullBatch(() => ({}));
		expect(entries).toHaveLength(LIMIT_SPECS.settleBatchMax.max);
		const before = await ledger.dump();
		await expect(settle([...entries, entry(sale([60]))])).rejects.toThrow("the batch has 501 entries, more than the maximum of 500");
		expect(await ledger.dump()).toEqual(before);
		expect((await settle(entries)).recorded).toBe(500);
	});

	it("uses at most twelve statements per batch, regardless of the number of entries", async () => {
		const { sales, entries } = await fullBatch(() => ({}));
		const statements: string[] = [];
		const client = postgres(ledger.url, { max: 1 });
		const counting = drizzle(client, { logger: { logQuery: (statement) => statements.push(statement) } });
		const cancels = sales.slice(0, 250).map((event) => entry(cancelOf(event)));
		const database = replaceLane(ledger.database, "settling", (work) => work(counting));
		for (const batch of [entries, [...cancels, ledger.entryOf(null)]]) {
			statements.length = 0;
			expect((await settleBatch(database, { bucket: bucketOf(showtimeId), entries: batch })).outcome).toBe("settled");
			expect(statements.length).toBeGreaterThan(0);
			expect(statements.length).toBeLessThanOrEqual(12);
		}
		await client.end();
	});

	it("never lowers the last settled sequence number of a bucket, and keeps the time of that settling, when an old or empty batch is settled", async () => {
		const bucket = bucketOf(showtimeId);
		const progress = async () => (await ledger.rows(sql`select seq::int, recorded_at from buckets where bucket = ${bucket}`))[0];
		const first = entry(sale([61]));
		const second = entry(sale([62]));
		await settle([first, second]);
		const before = await progress();
		expect(before).toMatchObject({ seq: second.event?.seq, recorded_at: expect.anything() });
		await settle([first]);
		await settle([]);
		expect(await progress()).toEqual(before);
	});

	it("ignores an implausible sequence number of an unreadable entry, and uses a plausible one", async () => {
		const bucket = bucketOf(showtimeId);
		const sequenceNumbers = async () => (await ledger.rows(sql`select seq::int, seen_seq::int from buckets where bucket = ${bucket}`))[0];
		const first = entry(sale([63]));
		await settle([first]);
		const poison = ledger.entryOf(null, { raw: { schema: "1", what: "is this", seq: "999999999999999" } });
		expect((await settle([poison])).deadLettered).toEqual([poison.entryId]);
		expect(await sequenceNumbers()).toEqual({ seq: first.event?.seq, seen_seq: first.event?.seq });
		// The first of these two entries is never settled: it is the gap.
		const [, next] = [entry(sale([64])), entry(sale([65]))];
		// Two numbers are missing: the one that Redis would have given to the unreadable entry, and that of the entry that was not settled.
		expect((await settle([next])).gap).toMatchObject({ after: first.event?.seq, missing: 2 });
		// A plausible sequence number (the next one) is used, so that there is no gap.
		const plausible = ledger.entryOf(null, { raw: { schema: "1", what: "is this", seq: String((next.event?.seq ?? 0) + 1) } });
		await settle([plausible]);
		expect(await sequenceNumbers()).toEqual({ seq: next.event?.seq, seen_seq: (next.event?.seq ?? 0) + 1 });
	});

	it("reports missing sequence numbers once, and no gap for entries of an older epoch, which are left in the outbox", async () => {
		await ledger.openInNewEpoch(showtimeId);
		const other = await ledger.addShowtime({ id: newShowtimeId(bucketOf(showtimeId)) });
		const sold = (seat: number) => entry(ledger.confirmed(other, userId, [seat]));
		await settle([sold(1)]);
		const entriesOfOldEpoch = [entry(sale([70]), 0), entry(sale([71]), 0)];
		expect((await settle(entriesOfOldEpoch)).gap).toBeNull();
		expect((await settle([sold(2)])).gap).toBeNull();
		const [lost, next] = [sold(3), sold(4)];
		expect((await settle([...entriesOfOldEpoch, next])).gap).toEqual({
			after: (lost.event?.seq ?? 0) - 1,
			before: next.event?.seq,
			missing: 1,
		});
		expect((await settle([...entriesOfOldEpoch, sold(5)])).gap).toBeNull();
	});
});
