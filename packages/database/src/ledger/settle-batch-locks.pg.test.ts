/** Tests settling while another transaction has locked rows of the batch: only the entries that need these rows wait. */
import { type BookingEvent, bucketOf, newShowtimeId, newUserId, type OutboxEntry, type ShowtimeId, type UserId } from "@holdfast/domain";
import { type HeldLock, holdLock } from "@holdfast/testing";
import { sql } from "drizzle-orm";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { cancelOf, openTestLedger, type TestLedger } from "../testing/open-test-ledger.ts";
import { type SettleBatch, type SettleOutcome, settleBatch } from "./settle-batch.ts";

/** The maximum duration of a batch beside a lock. A plain statement would wait for the lock for up to 15 s. */
const SOON_MS = 1_000;

let ledger: TestLedger;
let showtimeId: ShowtimeId;
let otherId: ShowtimeId;
let [ada, bob]: UserId[] = [];
const locks: HeldLock[] = [];

beforeAll(async () => {
	ledger = await openTestLedger();
});
beforeEach(async () => {
	showtimeId = await ledger.addShowtime();
	otherId = await ledger.addShowtime({ id: newShowtimeId(bucketOf(showtimeId)) });
	[ada, bob] = [await ledger.addUser(), await ledger.addUser()];
});
afterEach(async () => {
	await Promise.all(locks.splice(0).map((lock) => lock.release()));
	expect(await ledger.rows(sql`select 1 from dead_letters`)).toEqual([]);
});
afterAll(() => ledger.stop());

type Settled = Extract<SettleOutcome, { outcome: "settled" }>;

async function settle(entries: OutboxEntry[], rest: Partial<SettleBatch> = {}): Promise<Settled> {
	const startMs = performance.now();
	const outcome = await settleBatch(ledger.database, { bucket: bucketOf(showtimeId), entries, ...rest });
	if (outcome.outcome !== "settled") throw new Error(`not settled: ${outcome.outcome}`);
	expect(performance.now() - startMs).toBeLessThan(SOON_MS);
	return outcome;
}

async function lock(statement: string): Promise<void> {
	locks.push(await holdLock(ledger.url, statement));
}
const unlock = () => Promise.all(locks.splice(0).map((held) => held.release()));

let seat = 0;
function saleOf(userId: UserId | undefined, id: ShowtimeId = showtimeId): BookingEvent {
	if (userId === undefined) throw new Error("the user was not created");
	seat = (seat + 1) % 100;
	return ledger.confirmed(id, userId, [seat]);
}
const entry = (event: BookingEvent) => ledger.entryOf(event);
const idsOf = (entries: OutboxEntry[]) => entries.map(({ entryId }) => entryId);
const recordedOf = async (id: ShowtimeId) =>
	(await ledger.rows<{ id: string }>(sql`select id from bookings where showtime_id = ${id} order by id`)).map((row) => row.id);
const lockShowtime = () => lock(`select 1 from showtimes where id = '${showtimeId}' for update`);
const lockAda = () => lock(`select 1 from users where id = '${ada}' for update`);

describe("a locked showtime", () => {
	it("waits with all its entries while other showtimes of the batch settle, and settles in order once its row is free", async () => {
		const first = saleOf(ada);
		const bought = entry(first);
		const between = entry(saleOf(ada, otherId));
		const own = [bought, entry(saleOf(bob)), entry(cancelOf(first))];
		const others = [between, entry(saleOf(bob, otherId))];
		await lockShowtime();
		expect(await settle([bought, between, ...own.slice(1), ...others.slice(1)])).toMatchObject({
			acked: idsOf(others),
			waiting: [showtimeId],
			stale: [],
			recorded: 2,
		});
		expect(await recordedOf(showtimeId)).toEqual([]);
		await unlock();
		expect(await settle(own)).toMatchObject({ acked: idsOf(own), waiting: [], stale: [], recorded: 3, gap: null });
	});

	it("waits with its own change, and with its later entries in the same pass", async () => {
		const change = ledger.entryOf(ledger.showtimeEventOf(showtimeId, { state: "paused" }));
		await lockShowtime();
		expect(await settle([change])).toMatchObject({ acked: [], waiting: [showtimeId] });
		await unlock();
		const later = entry(saleOf(ada));
		expect(await settle([later], { waitingBefore: [showtimeId] })).toMatchObject({ acked: [], waiting: [showtimeId], stale: [] });
		expect(await settle([change, later])).toMatchObject({ waiting: [], recorded: 2 });
	});

	it("is not reported as needing a rebuild while it is locked, even with an entry of an older epoch", async () => {
		await ledger.openInNewEpoch(showtimeId);
		const stale = entry(saleOf(ada));
		await lockShowtime();
		expect(await settle([stale])).toMatchObject({ acked: [], waiting: [showtimeId], stale: [] });
		await unlock();
		expect(await settle([stale])).toMatchObject({ acked: [], waiting: [], stale: [showtimeId] });
	});

	it("waits, while an entry of a showtime that does not exist is dead-lettered", async () => {
		const unknown = entry(saleOf(ada, newShowtimeId(bucketOf(showtimeId))));
		const own = entry(saleOf(ada));
		await lockShowtime();
		expect(await settle([unknown, own])).toMatchObject({
			acked: [unknown.entryId],
			deadLettered: [unknown.entryId],
			waiting: [showtimeId],
		});
		await ledger.rows(sql`delete from dead_letters`);
	});

	it("does not make an entry wait that is in the stream of the wrong bucket", async () => {
		const foreign = newShowtimeId((bucketOf(showtimeId) + 1) % 16);
		await ledger.addShowtime({ id: foreign });
		await lock(`select 1 from showtimes where id = '${foreign}' for update`);
		const misplaced = entry(saleOf(ada, foreign));
		expect(await settle([misplaced])).toMatchObject({ deadLettered: [misplaced.entryId], waiting: [] });
		await ledger.rows(sql`delete from dead_letters`);
	});
});

describe("a locked user", () => {
	it("delays a showtime from the user's first entry on; earlier entries of other users and other showtimes settle", async () => {
		const before = [entry(saleOf(bob)), entry(saleOf(bob))];
		const after = [entry(saleOf(ada)), entry(saleOf(bob)), ledger.entryOf(ledger.showtimeEventOf(showtimeId))];
		const other = entry(saleOf(bob, otherId));
		await lockAda();
		const outcome = await settle([...before, ...after, other]);
		expect(outcome).toMatchObject({ acked: idsOf([...before, other]), waiting: [showtimeId], stale: [], recorded: 3 });
		await unlock();
		expect(await settle(after)).toMatchObject({ acked: idsOf(after), waiting: [], recorded: 3 });
	});

	it("delays its entry, while an entry of a user who does not exist is dead-lettered", async () => {
		const unknown = entry(saleOf(newUserId()));
		const own = entry(saleOf(ada));
		await lockAda();
		expect(await settle([unknown, own])).toMatchObject({
			acked: [unknown.entryId],
			deadLettered: [unknown.entryId],
			waiting: [showtimeId],
		});
		await ledger.rows(sql`delete from dead_letters`);
	});

	it("delays nothing while the row is only being updated, not deleted", async () => {
		await lock(`update users set display_name = 'Ada L.' where id = '${ada}'`);
		expect(await settle([entry(saleOf(ada))])).toMatchObject({ waiting: [], recorded: 1 });
	});
});

describe("a locked row of a booking", () => {
	it.each(["bookings where id", "booking_seats where booking_id"])("delays its showtime from the cancel on (%s)", async (which) => {
		const bought = saleOf(ada);
		await settle([entry(bought)]);
		const [before, after] = [entry(saleOf(bob)), [entry(cancelOf(bought)), entry(saleOf(bob))]];
		const other = entry(saleOf(bob, otherId));
		await lock(`select 1 from ${which} = '${bought.bookingId}' for update`);
		expect(await settle([before, ...after, other])).toMatchObject({ acked: idsOf([before, other]), waiting: [showtimeId], recorded: 2 });
		await unlock();
		expect(await settle(after)).toMatchObject({ acked: idsOf(after), waiting: [], recorded: 2 });
		expect(await ledger.rows(sql`select state from bookings where id = ${bought.bookingId}`)).toEqual([{ state: "CANCELLED" }]);
	});
});

describe("an unexpected lock", () => {
	it("delays only the showtime of the locked booking when the booking's entry is delivered again", async () => {
		const bought = saleOf(ada);
		const again = entry(bought);
		await settle([again]);
		const own = [again, entry(saleOf(bob))];
		const other = entry(saleOf(bob, otherId));
		await lock(`select 1 from bookings where id = '${bought.bookingId}' for update`);
		expect(await settle([...own, other])).toMatchObject({ acked: [other.entryId], waiting: [showtimeId], recorded: 1 });
		await unlock();
		expect(await settle(own)).toMatchObject({ acked: idsOf(own), waiting: [], recorded: 1 });
	});

	it("delays a showtime until the uncommitted manual insert that assigns one of its seats has ended", async () => {
		const earlier = saleOf(bob);
		await settle([entry(earlier)]);
		const sold = ledger.confirmed(showtimeId, ada ?? newUserId(), [99]);
		const own = entry(sold);
		const other = entry(saleOf(bob, otherId));
		await lock(
			`insert into booking_seats (booking_id, showtime_id, seat, label, amount, acquired_at)
			 values ('${earlier.bookingId}', '${showtimeId}', 99, 'J10', 0, now())`,
		);
		expect(await settle([own, other])).toMatchObject({ acked: [other.entryId], waiting: [showtimeId], conflicts: [] });
		await unlock();
		expect(await settle([own])).toMatchObject({ acked: [own.entryId], waiting: [], conflicts: [] });
	});

	it("delays the sales of a showtime together with its cancel when one of its bookings is locked", async () => {
		const bought = saleOf(ada);
		await settle([entry(bought)]);
		const own = [entry(saleOf(bob)), ledger.entryOf(ledger.showtimeEventOf(showtimeId, { state: "cancelled" }))];
		const other = entry(saleOf(bob, otherId));
		await lock(`select 1 from bookings where id = '${bought.bookingId}' for update`);
		expect(await settle([...own, other])).toMatchObject({ acked: [other.entryId], waiting: [showtimeId], cancelledByShowtime: 0 });
		expect(await recordedOf(showtimeId)).toEqual([bought.bookingId]);
		expect(await ledger.rows(sql`select state from showtimes where id = ${showtimeId}`)).toEqual([{ state: "open" }]);
		await unlock();
		expect(await settle(own)).toMatchObject({ acked: idsOf(own), waiting: [], cancelledByShowtime: 2 });
	});

	it("does not prevent that a poison entry of the batch is dead-lettered and its neighbours settle, and counts no entry twice", async () => {
		const bought = saleOf(ada);
		const again = entry(bought);
		await settle([again]);
		const poison = entry({ ...saleOf(bob, otherId), currency: "nonsense" });
		const others = [entry(saleOf(bob, otherId)), poison, entry(saleOf(bob, otherId))];
		await lock(`select 1 from bookings where id = '${bought.bookingId}' for update`);
		const outcome = await settle([...others, again]);
		expect(outcome).toMatchObject({ acked: idsOf(others), deadLettered: [poison.entryId], waiting: [showtimeId], recorded: 2 });
		await ledger.rows(sql`delete from dead_letters`);
	});

	it.each([
		"select 1 from buckets for update",
		"lock table buckets in access exclusive mode",
		"lock table showtimes in access exclusive mode",
		"lock table booking_events in access exclusive mode",
	])("makes a batch return within a second with nothing settled, and the batch settles after the lock: %s", async (statement) => {
		await settle([entry(saleOf(bob))]);
		const entries = [entry(saleOf(ada))];
		await lock(statement);
		const startMs = performance.now();
		const bucket = bucketOf(showtimeId);
		const outcome = await settleBatch(ledger.database, { bucket, entries });
		// A lock on a table that is needed for recording only makes each showtime wait, instead of the whole batch.
		if (outcome.outcome === "settled") expect(outcome).toMatchObject({ acked: [], waiting: [showtimeId] });
		expect(performance.now() - startMs).toBeLessThan(SOON_MS);
		await unlock();
		expect(await settle(entries)).toMatchObject({ recorded: 1 });
	});
});

it("settling changes of a showtime concurrently with its rebuild never deadlocks", async () => {
	const bucket = bucketOf(showtimeId);
	const outcomes: string[] = [];
	for (let round = 0; round < 20; round += 1) {
		const epoch = await epochOf(showtimeId);
		const change = ledger.showtimeEventOf(showtimeId, { showtimeVersion: round + 3, scheduleVersion: round + 3 });
		const entries = [entry(saleOf(ada)), ledger.entryOf(change, { epoch }), entry(saleOf(bob, otherId))];
		const settled = settleBatch(ledger.database, { bucket, entries });
		const opened = ledger.openInNewEpoch(showtimeId, { seenEpoch: epoch });
		outcomes.push((await settled).outcome, (await opened).outcome);
	}
	expect(new Set(outcomes)).toEqual(new Set(["settled", "opened"]));
});

async function epochOf(id: ShowtimeId): Promise<number> {
	const [row] = await ledger.rows<{ redis_epoch: number }>(sql`select redis_epoch from showtimes where id = ${id}`);
	return row?.redis_epoch ?? 0;
}
