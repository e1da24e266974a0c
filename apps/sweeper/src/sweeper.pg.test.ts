/** The sweeper on real stores: bookings that were confirmed in Redis are recorded in the ledger, once and in order. */
import { seatOwners } from "@holdfast/database";
import { bucketOf, DEFAULT_LIMITS, EVENT_SCHEMAS, type OpenShowtime, type ShowtimeId, type UserId } from "@holdfast/domain";
import { createLogger } from "@holdfast/runtime";
import { createSeatStore, type SeatStore } from "@holdfast/seat-store";
import { buy as buySeats, findSeatViolations, holdSeats, untilReachable } from "@holdfast/seat-store/testing";
import { APPLICATION_ROLE, insertShowtimes, insertUsers, waitUntil } from "@holdfast/testing";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { SweeperDeps } from "./deps.ts";
import { createSweeperMetrics } from "./sweeper-metrics.ts";
import { openTestSweeper, type TestSweeper } from "./testing/open-test-sweeper.ts";

let test: TestSweeper;
let seatStore: SeatStore;
let users: UserId[];

beforeAll(async () => {
	test = await openTestSweeper();
	seatStore = test.seatStore;
	users = await insertUsers(test.databaseUrl, 20);
});
afterAll(() => test.stop());

const newSweeper = (changes?: Partial<SweeperDeps>) => test.newSweeper(changes);
const openShowtime = (bucket?: number) => test.openShowtime(bucket);
const query = (statement: string) => test.query(statement);

function userOf(buyer: number): UserId {
	const userId = users[buyer];
	if (userId === undefined) throw new Error(`there is no user at position ${buyer}`);
	return userId;
}

const buy = (showtime: OpenShowtime, seats: number[], buyer = 0) => buySeats(seatStore, showtime, seats, { userId: userOf(buyer) });
const violationsOf = async (showtimeId: ShowtimeId) =>
	findSeatViolations(seatStore, showtimeId, await seatOwners(test.database, showtimeId));

describe("runOnce", () => {
	it("records every confirmed booking once, marks it recorded, and empties the outbox", async () => {
		const showtime = await openShowtime();
		const bought = [await buy(showtime, [0, 1], 0), await buy(showtime, [2], 1)];
		expect(await newSweeper().runOnce()).toEqual({ reaped: 0, settled: 2 });
		expect(await violationsOf(showtime.id)).toEqual([]);
		expect((await seatStore.outboxDepths())[bucketOf(showtime.id)]).toBe(0);
		for (const { bookingId } of bought) expect((await seatStore.readBooking(bookingId))?.recorded).toBe(true);
		expect(await newSweeper().runOnce()).toEqual({ reaped: 0, settled: 0 });
	});

	it("records a cancel and the resale of the same seat in order", async () => {
		const showtime = await openShowtime();
		const first = await buy(showtime, [7], 0);
		await seatStore.cancelBooking(first);
		const second = await buy(showtime, [7], 1);
		await newSweeper().runOnce();
		expect(
			await query(
				`select booking_id, label, released_at is null as active from booking_seats where showtime_id = '${showtime.id}' order by acquired_at`,
			),
		).toEqual([
			{ booking_id: first.bookingId, label: "A8", active: "f" },
			{ booking_id: second.bookingId, label: "A8", active: "t" },
		]);
		expect(
			await query(`select type from booking_events where booking_id in ('${first.bookingId}', '${second.bookingId}') order by seq`),
		).toEqual([{ type: "booking.confirmed" }, { type: "booking.cancelled" }, { type: "booking.confirmed" }]);
		expect(await violationsOf(showtime.id)).toEqual([]);
	});

	it("records every event exactly once while three sweepers run at the same time", async () => {
		const showtime = await openShowtime();
		for (let seat = 0; seat < 60; seat += 1) await buy(showtime, [seat], seat % 20);
		const sweepers = [newSweeper(), newSweeper(), newSweeper()];
		const before = Number((await query("select count(*) as n from booking_events"))[0]?.n);
		for (let round = 0; round < 3; round += 1) await Promise.all(sweepers.map((sweeper) => sweeper.runOnce()));
		expect(Number((await query("select count(*) as n from booking_events"))[0]?.n) - before).toBe(60);
		expect(await violationsOf(showtime.id)).toEqual([]);
	});

	it("rebuilds a showtime whose epoch in the ledger is newer, and settles its entries after that", async () => {
		const [stale, fresh] = [await openShowtime(3), await openShowtime(3)];
		await query(`update showtimes set redis_epoch = 2 where id = '${stale.id}'`);
		const delayed = await buy(stale, [0], 0);
		await buy(fresh, [0], 1);
		expect((await newSweeper().runOnce()).settled).toBe(2);
		expect(await query(`select redis_epoch from showtimes where id = '${stale.id}'`)).toEqual([{ redis_epoch: "3" }]);
		for (const { id } of [stale, fresh]) expect(await violationsOf(id)).toEqual([]);
		expect((await seatStore.readBooking(delayed.bookingId))?.recorded).toBe(true);
	});

	it("settles other showtimes while one cannot be rebuilt, even if its entries fill more than the first batch", async () => {
		const [stuck, fine] = [await openShowtime(4), await openShowtime(4)];
		const tries: number[] = [];
		const failing: SeatStore = {
			...seatStore,
			claimShowtime(id, claim) {
				if (id !== stuck.id) return seatStore.claimShowtime(id, claim);
				tries.push(Date.now());
				return Promise.reject(new Error("this rebuild fails"));
			},
		};
		for (let seat = 0; seat < 12; seat += 1) await buy(stuck, [seat], seat);
		await query(`update showtimes set redis_epoch = 2 where id = '${stuck.id}'`);
		const bought = await buy(fine, [0], 1);
		const sweeper = newSweeper({ seatStore: failing, limits: { ...DEFAULT_LIMITS, settleBatchMax: 5 } });
		expect((await sweeper.runOnce()).settled).toBe(1);
		expect((await seatStore.readBooking(bought.bookingId))?.recorded).toBe(true);
		expect((await seatStore.outboxDepths())[4]).toBe(12);
		expect(tries.length).toBeGreaterThan(0);
		expect((await newSweeper().runOnce()).settled).toBe(12);
		expect(await violationsOf(stuck.id)).toEqual([]);
	});

	it("corrects a conflict in Redis: the seat goes to its owner in the ledger, other seats are free, and a refund is owed", async () => {
		const showtime = await openShowtime();
		const [winner] = [await buy(showtime, [5], 0)];
		await newSweeper().runOnce();
		const loser = await buy(showtime, [6, 7], 1);
		await query(`update booking_seats set seat = 6, label = 'A7' where booking_id = '${winner.bookingId}'`);
		await newSweeper().runOnce();
		expect(await seatStore.readBooking(loser.bookingId)).toMatchObject({ state: "CONFLICT", version: 3 });
		const { owners, statuses } = await seatStore.inspectSeats(showtime.id);
		expect(owners.find(({ seat }) => seat === 6)?.bookingId).toBe(winner.bookingId);
		expect(statuses.slice(5, 8)).toBe("SSA");
		expect(
			await query(`select amount, store_corrected_at is not null as corrected from refunds where booking_id = '${loser.bookingId}'`),
		).toEqual([{ amount: "2500", corrected: "t" }]);
	});

	it("cancels every booking of a cancelled showtime once, including a booking that was not settled before", async () => {
		const showtime = await openShowtime();
		const bought = [await buy(showtime, [0], 0), await buy(showtime, [1], 1)];
		await newSweeper().runOnce();
		bought.push(await buy(showtime, [2], 2));
		await seatStore.setTerms({ showtimeId: showtime.id, terms: { state: "cancelled" }, ifVersions: null, command: null });
		await newSweeper().runOnce();
		await newSweeper().runOnce();
		for (const { bookingId } of bought) {
			expect(await query(`select state, version from bookings where id = '${bookingId}'`)).toEqual([{ state: "CANCELLED", version: "3" }]);
		}
		expect(await seatOwners(test.database, showtime.id)).toEqual([]);
		expect(await query(`select state from showtimes where id = '${showtime.id}'`)).toEqual([{ state: "cancelled" }]);
	});

	it("reaps expired holds, and does not list their showtimes for reaping afterwards", async () => {
		const showtime = await openShowtime();
		const brief = createSeatStore({ url: test.redis.url, limits: { ...DEFAULT_LIMITS, holdTtlMs: 1 } });
		await holdSeats(brief, showtime, [1], { userId: userOf(0) });
		await waitUntil("the hold to expire", async () => (await seatStore.listShowtimesToReap(bucketOf(showtime.id))).includes(showtime.id));
		expect((await newSweeper().runOnce()).reaped).toBe(1);
		expect(await seatStore.listShowtimesToReap(bucketOf(showtime.id))).toEqual([]);
		await brief.close();
	});
});

describe("start", () => {
	it("the sweeper opens the showtimes of the next two days, and opens them again after a restart of Redis", async () => {
		const { showtimeIds: near } = await insertShowtimes(test.databaseUrl, { count: 3 });
		const { showtimeIds: far } = await insertShowtimes(test.databaseUrl, { startsInMs: 49 * 3_600_000 });
		const sweeper = newSweeper();
		sweeper.start();
		const areOpen = async () => (await seatStore.findUnopened(near)).length === 0;
		await waitUntil("the near showtimes to be open", areOpen);
		expect(await seatStore.findUnopened(far)).toEqual(far);
		await test.redis.restart();
		await untilReachable(seatStore);
		// The buckets are read in parallel, so the ids come in any order.
		expect((await seatStore.findUnopened(near)).sort()).toEqual(near.toSorted());
		await waitUntil("the near showtimes to be open again", areOpen);
		await sweeper.stop();
	});

	it("the sweeper ends a quarantine after `quarantineMs`, and keeps it without that setting", async () => {
		const showtime = await openShowtime();
		await query(`update showtimes set timeline = 1 where id = '${showtime.id}'`);
		await query(
			`insert into buckets (bucket, timeline, seq, seen_seq, timeline_started_at) values (${bucketOf(showtime.id)}, 5, 0, 0, now())
			 on conflict (bucket) do update set timeline = 5, timeline_started_at = now()`,
		);
		await test.redis.restart();
		await untilReachable(seatStore);
		const metrics = createSweeperMetrics();
		const keeping = newSweeper({ metrics });
		keeping.start();
		await waitUntil("the showtime to be open, in quarantine", async () => {
			const map = await seatStore.readSeatMap(showtime.id);
			return map.outcome === "read" && map.statuses === "Q".repeat(100);
		});
		// The bucket may contain showtimes of other tests, so the count may be higher than 1.
		await waitUntil("the metric to count the showtime", async () =>
			/holdfast_quarantined_showtimes [1-9]/.test((await metrics.render()).text),
		);
		await keeping.stop();
		const ending = newSweeper({ quarantineMs: 0 });
		ending.start();
		await waitUntil("the seats to be on sale", async () => {
			const map = await seatStore.readSeatMap(showtime.id);
			return map.outcome === "read" && map.statuses === "A".repeat(100);
		});
		await ending.stop();
	});

	it("the sweeper settles new bookings, sends a heartbeat to every bucket, and settles nothing more after stop()", async () => {
		const showtime = await openShowtime();
		const sweeper = newSweeper();
		sweeper.start();
		const { bookingId } = await buy(showtime, [0]);
		await waitUntil("the booking to be recorded", async () => (await seatStore.readBooking(bookingId))?.recorded === true);
		expect(await seatStore.listBucketsWithoutHeartbeat()).toEqual([]);
		await sweeper.stop();
		const later = await buy(showtime, [1]);
		expect((await seatStore.readBooking(later.bookingId))?.recorded).toBe(false);
		await newSweeper().runOnce();
	});
});

describe("a bucket that cannot be settled", () => {
	const NEWER = { schema: String(EVENT_SCHEMAS.newest + 1), type: "booking.confirmed" };

	/** Starts a sweeper, and collects the buckets of its messages at level fatal. */
	function start(changes: Partial<SweeperDeps> = {}) {
		const alarms: { buckets: number[] }[] = [];
		const log = createLogger("sweeper", "silent");
		log.fatal = (fields: unknown) => void alarms.push({ buckets: Object(fields).buckets });
		const sweeper = newSweeper({ log, ...changes });
		sweeper.start();
		return { sweeper, alarms };
	}

	const isRecorded = async ({ bookingId }: { bookingId: string }) =>
		(await query(`select 1 from bookings where id = '${bookingId}'`)).length === 1;

	it("a bucket with an entry of a newer version is named in an alarm, and does not delay other buckets", async () => {
		const halted = [1, 2, 3, 4];
		for (const bucket of halted) await seatStore.requeueEntry(bucket, NEWER);
		// Install the showtimes before the sweeper starts: it would rebuild them as well, and have the claim.
		const [inFirst, inLast] = [await openShowtime(0), await openShowtime(9)];
		const { sweeper, alarms } = start();
		try {
			for (let round = 0; round < 3; round += 1) {
				const [first, last] = [await buy(inFirst, [round], round), await buy(inLast, [round], round)];
				await waitUntil(
					"the bookings of other buckets to be recorded",
					async () => (await isRecorded(first)) && (await isRecorded(last)),
					2_000,
				);
			}
			expect([...new Set(alarms.flatMap(({ buckets }) => buckets))].sort()).toEqual(halted);
			expect((await seatStore.outboxDepths()).slice(1, 5)).toEqual([1, 1, 1, 1]);
		} finally {
			await sweeper.stop();
			for (const bucket of halted)
				await seatStore.ackBatch(
					bucket,
					(await seatStore.readBatch(bucket, { afterEntryId: null, limit: 10 })).map(({ entryId }) => ({ entryId, booking: null })),
				);
		}
	});

	it("the settle lag is the age of the oldest entry that is neither settled nor dead-lettered", async () => {
		const sweeper = newSweeper();
		const waitMs = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
		await sweeper.runOnce();
		expect(await seatStore.settleLagMs()).toBe(0);
		await seatStore.requeueEntry(3, { schema: String(EVENT_SCHEMAS.oldest), type: "booking.confirmed", bookingId: "nonsense" });
		await buy(await openShowtime(4), [0]);
		await waitMs(60);
		expect(await seatStore.settleLagMs()).toBeGreaterThanOrEqual(60);
		await sweeper.runOnce();
		expect([await seatStore.settleLagMs(), (await query("select 1 from dead_letters")).length]).toEqual([0, 1]);
		await query("delete from dead_letters");

		await seatStore.requeueEntry(3, NEWER);
		const startMs = Date.now();
		await waitMs(60);
		await expect(sweeper.runOnce()).rejects.toThrow("bucket 3");
		await buy(await openShowtime(4), [0]);
		expect(await seatStore.settleLagMs()).toBeGreaterThanOrEqual(60);
		expect(await seatStore.settleLagMs()).toBeLessThanOrEqual(Date.now() - startMs + 50);
		const unsettled = await seatStore.readBatch(3, { afterEntryId: null, limit: 1 });
		await seatStore.ackBatch(
			3,
			unsettled.map(({ entryId }) => ({ entryId, booking: null })),
		);
		await sweeper.runOnce();
	});

	it("no entry behind an entry of a newer version is settled, even if there are more of them than fit a batch", async () => {
		const showtime = await openShowtime(5);
		const bought = [await buy(showtime, [0])];
		await seatStore.requeueEntry(5, NEWER);
		for (const seat of [1, 2, 3]) bought.push(await buy(showtime, [seat], seat));
		await query(`update showtimes set redis_epoch = 2 where id = '${showtime.id}'`);
		const other = await openShowtime(5);
		const behind = await buy(other, [0]);
		const sweeper = newSweeper({ limits: { ...DEFAULT_LIMITS, settleBatchMax: 2 } });
		await expect(sweeper.runOnce()).rejects.toThrow("version of an outbox entry is unknown");
		// The rebuild that the pass requested is still running; the second sweeper below would find the showtime claimed.
		await sweeper.stop();
		expect(await isRecorded(behind)).toBe(false);
		const [newer] = (await seatStore.readBatch(5, { afterEntryId: null, limit: 10 })).filter(({ event }) => event === null);
		if (newer === undefined) throw new Error("the entry is not in the outbox");
		await seatStore.ackBatch(5, [{ entryId: newer.entryId, booking: null }]);
		await newSweeper().runOnce();
		for (const one of [...bought, behind]) expect(await isRecorded(one)).toBe(true);
	});

	it.each([
		[
			"migration",
			"alter table booking_events rename column version to versio",
			"alter table booking_events rename column versio to version",
		],
		["grant", `revoke insert on booking_events from ${APPLICATION_ROLE}`, `grant insert on booking_events to ${APPLICATION_ROLE}`],
	])(
		"a missing %s halts settling with an alarm; no entry is lost, and settling continues once it is applied",
		async (_what, lose, restore) => {
			const bought = await buy(await openShowtime(6), [0]);
			await test.queryAsOwner(lose);
			const { sweeper, alarms } = start();
			try {
				await waitUntil("the alarm", () => alarms.some(({ buckets }) => buckets.includes(6)));
				expect((await seatStore.outboxDepths())[6]).toBe(1);
				expect(await query("select 1 from dead_letters")).toEqual([]);
			} finally {
				await test.queryAsOwner(restore);
			}
			await waitUntil("the booking to be recorded", () => isRecorded(bought), 15_000);
			await sweeper.stop();
		},
	);
});
