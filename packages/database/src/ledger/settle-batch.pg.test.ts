import { type BookingEvent, bucketOf, newShowtimeId, type OutboxEntry, type ShowtimeId } from "@holdfast/domain";
import { sql } from "drizzle-orm";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { writeTo } from "../run-queries.ts";
import { cancelOf, openTestLedger, type TestLedger } from "../testing/open-test-ledger.ts";
import { replaceLane } from "../testing/replace-lane.ts";
import { findBooking } from "./find-booking.ts";
import { seatOwners } from "./list-seat-owners.ts";
import { type SettleBatch, type SettleOutcome, settleBatch } from "./settle-batch.ts";

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

async function settle(entries: OutboxEntry[], rest: Partial<SettleBatch> = {}): Promise<Settled> {
	const outcome = await settleBatch(ledger.database, { bucket: bucketOf(showtimeId), entries, ...rest });
	if (outcome.outcome !== "settled") throw new Error(`not settled: ${outcome.outcome}`);
	return outcome;
}

const sale = (seats: number[], overrides: Partial<BookingEvent> = {}) => ledger.confirmed(showtimeId, userId, seats, overrides);
const entry = (event: BookingEvent, epoch = 0) => ledger.entryOf(event, { epoch });
const owners = async () => (await seatOwners(ledger.database, showtimeId)).map(({ seat, bookingId }) => [seat, bookingId]);
const stateOf = async (event: BookingEvent) => (await findBooking(ledger.database, event.bookingId))?.booking;

describe("settleBatch", () => {
	it("records a confirmed booking unchanged, with millisecond precision and the labels of its seats", async () => {
		const event = sale([0, 11, 99], { amounts: [1250, 1000, 1500] });
		const sold = entry(event);
		const outcome = await settle([sold]);
		expect(outcome).toMatchObject({ acked: [sold.entryId], stale: [], recorded: 1, conflicts: [], deadLettered: [] });
		const found = await findBooking(ledger.database, event.bookingId);
		expect(found?.booking).toEqual({
			id: event.bookingId,
			userId,
			showtimeId,
			planId: ledger.planId,
			seats: [0, 11, 99],
			state: "CONFIRMED",
			version: 2,
			amounts: [1250, 1000, 1500],
			amount: 3750,
			currency: "EUR",
			createdAt: event.createdAt,
			expiresAt: event.expiresAt,
			confirmedAt: event.confirmedAt,
			cancelledAt: null,
			recorded: true,
			scheduleVersion: 1,
		});
		expect(found?.seatLabels).toEqual(["A1", "B2", "J10"]);
		const events = await ledger.rows(sql`select version, type, bucket, payload from booking_events where booking_id = ${event.bookingId}`);
		expect(events).toEqual([{ version: 2, type: "booking.confirmed", bucket: bucketOf(showtimeId), payload: sold.event }]);
	});

	it("changes nothing when a batch is delivered again, and acknowledges its entries again", async () => {
		const kept = sale([1]);
		const dropped = sale([2]);
		const entries = [entry(kept), entry(dropped), entry(cancelOf(dropped)), ledger.entryOf(null, { raw: { nonsense: "yes" } })];
		const first = await settle(entries);
		const before = await ledger.dump();
		const again = await settle(entries);
		expect(await ledger.dump()).toEqual(before);
		expect(again.acked).toEqual(first.acked);
		expect([first.recorded, again.recorded]).toEqual([3, 0]);
	});

	it("changes neither booking nor seats for an older event that arrives after a newer one", async () => {
		const event = sale([3]);
		await settle([entry(event), entry(cancelOf(event))]);
		const next = sale([3]);
		await settle([entry(next)]);
		await settle([entry(event)]);
		expect(await stateOf(event)).toMatchObject({ state: "CANCELLED", version: 3 });
		expect(await owners()).toEqual([[3, next.bookingId]]);
	});

	it("records a confirm and its cancel in one batch as a cancelled booking with released seats and both events", async () => {
		const event = sale([4, 5]);
		const outcome = await settle([entry(event), entry(cancelOf(event))]);
		expect(outcome.recorded).toBe(2);
		expect(await stateOf(event)).toMatchObject({ state: "CANCELLED", version: 3, seats: [4, 5], cancelledAt: event.at + 5_000 });
		expect(await owners()).toEqual([]);
		const seats = await ledger.rows(
			sql`select seat, (extract(epoch from released_at) * 1000)::float8 as released from booking_seats where booking_id = ${event.bookingId} order by seat`,
		);
		expect(seats).toEqual([
			{ seat: 4, released: event.at + 5_000 },
			{ seat: 5, released: event.at + 5_000 },
		]);
	});

	it("records the highest version when the events of a booking are out of order in a batch", async () => {
		const event = sale([6]);
		await settle([entry(cancelOf(event)), entry(event)]);
		expect(await stateOf(event)).toMatchObject({ state: "CANCELLED", version: 3 });
		expect(await owners()).toEqual([]);
	});

	it("settles a cancel and the next sale of the same seat in one batch, in any order of the booking ids", async () => {
		for (const seat of [10, 11, 12, 13]) {
			const first = sale([seat]);
			await settle([entry(first)]);
			const second = sale([seat]);
			const outcome = await settle([entry(cancelOf(first)), entry(second)]);
			expect(outcome.conflicts).toEqual([]);
			expect(await owners()).toContainEqual([seat, second.bookingId]);
			await settle([entry(cancelOf(second))]);
		}
	});

	it("gives a booking its seats again when it is confirmed again after its cancel", async () => {
		const event = sale([14]);
		await settle([entry(event), entry(cancelOf(event))]);
		await settle([entry({ ...event, version: 4, at: event.at + 9_000 })]);
		expect(await stateOf(event)).toMatchObject({ state: "CONFIRMED", version: 4 });
		expect(await owners()).toEqual([[14, event.bookingId]]);
	});

	it("releases the seats for a cancel that is earlier than its confirm because the clock stepped back", async () => {
		const event = sale([15]);
		await settle([entry(event)]);
		await settle([entry(cancelOf(event, event.at - 60_000))]);
		expect(await owners()).toEqual([]);
	});
});

describe("a seat that has another owner", () => {
	it("makes the later booking CONFLICT without any seats, with a higher version, and reports the conflict", async () => {
		const first = sale([20]);
		const second = sale([19, 20]);
		await settle([entry(first)]);
		const outcome = await settle([entry(second)]);
		expect(outcome.conflicts).toEqual([second.bookingId]);
		expect(outcome.acked).toHaveLength(1);
		expect(await stateOf(second)).toMatchObject({ state: "CONFLICT", version: 3, seats: [19, 20] });
		expect(await owners()).toEqual([[20, first.bookingId]]);
		const events = await ledger.rows(sql`select version, type from booking_events where booking_id = ${second.bookingId} order by version`);
		expect(events).toEqual([
			{ version: 2, type: "booking.confirmed" },
			{ version: 3, type: "booking.conflict" },
		]);
	});

	it("makes the later of two bookings in one batch CONFLICT, whose other seats stay free for a third booking", async () => {
		const [first, second, third] = [sale([21]), sale([21, 22]), sale([22])];
		const outcome = await settle([entry(first), entry(second), entry(third)]);
		expect(outcome.conflicts).toEqual([second.bookingId]);
		expect(await owners()).toEqual([
			[21, first.bookingId],
			[22, third.bookingId],
		]);
	});

	it("keeps the booking in CONFLICT when its entry is delivered again or its buyer cancels later", async () => {
		const [first, second] = [sale([23]), sale([23])];
		await settle([entry(first), entry(second)]);
		await settle([entry(second), entry(cancelOf(second))]);
		expect(await stateOf(second)).toMatchObject({ state: "CONFLICT", version: 3 });
		expect(await owners()).toEqual([[23, first.bookingId]]);
	});
});

describe("an entry and the epoch of its showtime", () => {
	it("stays in the stream with all later entries of its showtime when it has an older epoch than the ledger", async () => {
		const other = await ledger.addShowtime({ id: newShowtimeId(bucketOf(showtimeId)) });
		await ledger.openInNewEpoch(showtimeId);
		const stale = entry(sale([30]), 0);
		const fresh = entry(sale([31]), 1);
		const others = entry(ledger.confirmed(other, userId, [30]), 0);
		const outcome = await settle([stale, fresh, others]);
		expect(outcome).toMatchObject({ acked: [others.entryId], stale: [showtimeId], recorded: 1 });
		expect(await owners()).toEqual([]);
	});

	it("stays in the stream, even with the current epoch, when an earlier batch of the pass reported its showtime as stale", async () => {
		const outcome = await settle([entry(sale([32]))], { staleBefore: [showtimeId] });
		expect(outcome).toMatchObject({ acked: [], stale: [showtimeId], recorded: 0 });
		expect(await owners()).toEqual([]);
	});

	it("is in the snapshot of a showtime that is opened while the entry's batch settles, because opening waits for the batch", async () => {
		const event = sale([33]);
		const gate = Promise.withResolvers<void>();
		const isSettled = Promise.withResolvers<void>();
		const holder = writeTo(ledger.database, "upkeep", (queries) =>
			queries.transaction(async (tx) => {
				await settleBatch(
					replaceLane(ledger.database, "settling", (work) => work(tx)),
					{ bucket: bucketOf(showtimeId), entries: [entry(event)] },
				);
				isSettled.resolve();
				await gate.promise;
			}),
		);
		await isSettled.promise;
		let isOpened = false;
		const opening = ledger.openInNewEpoch(showtimeId).finally(() => {
			isOpened = true;
		});
		await waitForLockWait();
		expect(isOpened).toBe(false);
		gate.resolve();
		await holder;
		expect(await opening).toMatchObject({
			outcome: "opened",
			snapshot: { epoch: 1, bookings: [{ bookingId: event.bookingId, state: "CONFIRMED", version: 2, seats: [33] }] },
		});
	});
});

/** Resolves once a session of this database waits for a lock. */
async function waitForLockWait(): Promise<void> {
	for (;;) {
		const waiting = await ledger.rows(sql`select 1 from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`);
		if (waiting.length > 0) return;
	}
}

describe("concurrent calls of settleBatch", () => {
	it("return locked and do nothing while another call settles the same bucket", async () => {
		const gate = Promise.withResolvers<void>();
		const isLocked = Promise.withResolvers<void>();
		const bucket = bucketOf(showtimeId);
		const holder = writeTo(ledger.database, "upkeep", (queries) =>
			queries.transaction(async (tx) => {
				await settleBatch(
					replaceLane(ledger.database, "settling", (work) => work(tx)),
					{ bucket, entries: [] },
				);
				isLocked.resolve();
				await gate.promise;
			}),
		);
		await isLocked.promise;
		const entries = [entry(sale([40]))];
		expect(await settleBatch(ledger.database, { bucket, entries })).toEqual({ outcome: "locked" });
		expect((await settleBatch(ledger.database, { bucket: (bucket + 1) % 16, entries: [] })).outcome).toBe("settled");
		gate.resolve();
		await holder;
		expect(await owners()).toEqual([]);
		expect((await settle(entries)).recorded).toBe(1);
	});

	it("record each entry once when eight calls race to settle the same entries", async () => {
		const entries = Array.from({ length: 50 }, (_, seat) => entry(sale([seat])));
		const bucket = bucketOf(showtimeId);
		const outcomes = await Promise.all(Array.from({ length: 8 }, () => settleBatch(ledger.database, { bucket, entries })));
		const recorded = outcomes.map((outcome) => (outcome.outcome === "settled" ? outcome.recorded : 0));
		expect(recorded.reduce((sum, each) => sum + each, 0)).toBe(50);
		expect(await owners()).toHaveLength(50);
	});
});
