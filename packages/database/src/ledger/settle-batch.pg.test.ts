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

describe("what is settled", () => {
	it("a confirmed booking is in the ledger as it was confirmed, to the millisecond, with its seats by name", async () => {
		const event = sale([0, 11, 99], { amounts: [1250, 1000, 1500] });
		const sold = entry(event);
		const outcome = await settle([sold]);
		expect(outcome).toMatchObject({ acked: [sold.entryId], left: [], recorded: 1, conflicts: [], deadLettered: [] });
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

	it("a batch delivered again changes nothing, and may be acknowledged again", async () => {
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

	it("an older event that arrives after a newer one changes neither booking nor seats", async () => {
		const event = sale([3]);
		await settle([entry(event), entry(cancelOf(event))]);
		const next = sale([3]);
		await settle([entry(next)]);
		await settle([entry(event)]);
		expect(await stateOf(event)).toMatchObject({ state: "CANCELLED", version: 3 });
		expect(await owners()).toEqual([[3, next.bookingId]]);
	});

	it("confirm and cancel in one batch fold to the cancel; its seats are there, released, and both events are kept", async () => {
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

	it("events of one booking out of order in a batch leave its highest version", async () => {
		const event = sale([6]);
		await settle([entry(cancelOf(event)), entry(event)]);
		expect(await stateOf(event)).toMatchObject({ state: "CANCELLED", version: 3 });
		expect(await owners()).toEqual([]);
	});

	it("a cancel and the sale of the same seat to the next settle in one batch, whichever order the ids have", async () => {
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

	it("a booking confirmed once more after its cancel owns its seats again", async () => {
		const event = sale([14]);
		await settle([entry(event), entry(cancelOf(event))]);
		await settle([entry({ ...event, version: 4, at: event.at + 9_000 })]);
		expect(await stateOf(event)).toMatchObject({ state: "CONFIRMED", version: 4 });
		expect(await owners()).toEqual([[14, event.bookingId]]);
	});

	it("a cancel stamped before its confirm, by a clock that fell back, frees the seats", async () => {
		const event = sale([15]);
		await settle([entry(event)]);
		await settle([entry(cancelOf(event, event.at - 60_000))]);
		expect(await owners()).toEqual([]);
	});
});

describe("a seat that has another owner", () => {
	it("makes the later booking CONFLICT with none of its seats, under a version of its own, and says so", async () => {
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

	it("is found inside one batch too: the first in the stream keeps it, and a loser blocks nobody", async () => {
		const [first, second, third] = [sale([21]), sale([21, 22]), sale([22])];
		const outcome = await settle([entry(first), entry(second), entry(third)]);
		expect(outcome.conflicts).toEqual([second.bookingId]);
		expect(await owners()).toEqual([
			[21, first.bookingId],
			[22, third.bookingId],
		]);
	});

	it("stays a conflict when the batch is delivered again or its owner cancels late", async () => {
		const [first, second] = [sale([23]), sale([23])];
		await settle([entry(first), entry(second)]);
		await settle([entry(second), entry(cancelOf(second))]);
		expect(await stateOf(second)).toMatchObject({ state: "CONFLICT", version: 3 });
		expect(await owners()).toEqual([[23, first.bookingId]]);
	});
});

describe("the epoch", () => {
	it("an entry written under an older epoch is left, and so is everything later of its showtime, but nobody else's", async () => {
		const other = await ledger.addShowtime({ id: newShowtimeId(bucketOf(showtimeId)) });
		await ledger.open(showtimeId);
		const stale = entry(sale([30]), 0);
		const fresh = entry(sale([31]), 1);
		const others = entry(ledger.confirmed(other, userId, [30]), 0);
		const outcome = await settle([stale, fresh, others]);
		expect(outcome).toMatchObject({ acked: [others.entryId], left: [showtimeId], recorded: 1 });
		expect(await owners()).toEqual([]);
	});

	it("a showtime left earlier in the pass stays left, even under the right epoch", async () => {
		const outcome = await settle([entry(sale([32]))], { leftBefore: [showtimeId] });
		expect(outcome).toMatchObject({ acked: [], left: [showtimeId], recorded: 0 });
		expect(await owners()).toEqual([]);
	});

	it("an epoch taken while a batch is being settled waits for it, and then sees its seats", async () => {
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
		const opening = ledger.open(showtimeId).finally(() => {
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

/** Until some session of this database waits for a lock. */
async function waitForLockWait(): Promise<void> {
	for (;;) {
		const waiting = await ledger.rows(sql`select 1 from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`);
		if (waiting.length > 0) return;
	}
}

describe("two settlers", () => {
	it("of one bucket: the second is told that it is locked, and does nothing", async () => {
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

	it("racing over the same entries record each of them once", async () => {
		const entries = Array.from({ length: 50 }, (_, seat) => entry(sale([seat])));
		const bucket = bucketOf(showtimeId);
		const outcomes = await Promise.all(Array.from({ length: 8 }, () => settleBatch(ledger.database, { bucket, entries })));
		const recorded = outcomes.map((outcome) => (outcome.outcome === "settled" ? outcome.recorded : 0));
		expect(recorded.reduce((sum, each) => sum + each, 0)).toBe(50);
		expect(await owners()).toHaveLength(50);
	});
});
