/** Rebuilds on real stores: after a restart, a failure or a loss of data in Redis, recorded seats stay sold and no seat is sold twice. */
import { checkTimeline, openShowtimeInLedger, seatOwners } from "@holdfast/database";
import { bucketOf, type ShowtimeId } from "@holdfast/domain";
import type { SeatStore } from "@holdfast/seat-store";
import { findSeatViolations, untilReachable } from "@holdfast/seat-store/testing";
import { askRedis, holdLock, waitUntil } from "@holdfast/testing";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { createRebuilder } from "./create-rebuilder.ts";
import { openQuarantinedShowtime } from "./open-quarantined-showtime.ts";
import { rebuildShowtime } from "./rebuild-showtime.ts";
import { openTestRebuild, type TestRebuild } from "./testing/open-test-rebuild.ts";

let test: TestRebuild;
let showtimeId: ShowtimeId;
beforeAll(async () => {
	test = await openTestRebuild();
});
afterAll(() => test.stop());
beforeEach(async () => {
	showtimeId = await test.newShowtime();
	expect(await rebuild()).toEqual({ outcome: "opened" });
});

const rebuild = (changes: Partial<TestRebuild["deps"]> = {}) => rebuildShowtime({ ...test.deps, ...changes }, showtimeId);
const epoch = async () => Number((await test.query(`select redis_epoch from showtimes where id = '${showtimeId}'`))[0]?.redis_epoch);
const statuses = async () => {
	const map = await test.seatStore.readSeatMap(showtimeId);
	return map.outcome === "read" ? map.statuses.slice(0, 8) : map.outcome;
};
const violations = async () => findSeatViolations(test.seatStore, showtimeId, await seatOwners(test.database, showtimeId));

/** Restarts Redis and waits until the seat store is connected again: right after a restart the first call may fail. */
async function restartRedis(): Promise<void> {
	await test.redis.restart();
	await untilReachable(test.seatStore);
}

/** Deletes all data of the Redis server, which keeps running. */
async function loseRedis(): Promise<void> {
	await askRedis(test.redis.port, "FLUSHALL");
	await untilReachable(test.seatStore);
}

describe("a rebuild after a restart of Redis", () => {
	it("restores holds, sales and changes that were not settled; until then the showtime is fenced", async () => {
		const [swept, unswept, cancelled] = [
			await test.buy(showtimeId, [0], 0),
			await test.buy(showtimeId, [2], 2),
			await test.buy(showtimeId, [1], 1),
		];
		await test.settle();
		const fresh = await test.buy(showtimeId, [3], 3);
		await test.seatStore.cancelBooking(cancelled);
		const held = await test.hold(showtimeId, [4, 5], 4);
		await restartRedis();
		expect(await statuses()).toBe("fenced");
		expect(await test.seatStore.confirmBooking(held)).toEqual({ outcome: "fenced" });
		expect(await test.seatStore.cancelBooking(swept)).toEqual({ outcome: "fenced" });

		expect(await rebuild()).toEqual({ outcome: "opened" });
		expect(await epoch()).toBe(2);
		expect(await statuses()).toBe("SASSHHAA");
		expect(await test.seatStore.confirmBooking(held)).toMatchObject({ outcome: "confirmed" });
		expect(await test.settle()).toBe(3);
		expect(await violations()).toEqual([]);
		for (const { bookingId } of [swept, unswept, fresh, held])
			expect(await test.seatStore.readBooking(bookingId)).toMatchObject({ state: "CONFIRMED", recorded: true });
	});

	it("does not raise the epoch if the showtime is already open", async () => {
		await restartRedis();
		await rebuild();
		expect(await rebuild()).toEqual({ outcome: "opened" });
		expect(await epoch()).toBe(2);
	});

	it("lets outbox entries be settled that waited because the ledger had a newer epoch", async () => {
		await test.buy(showtimeId, [0]);
		await test.query(`update showtimes set redis_epoch = redis_epoch + 1 where id = '${showtimeId}'`);
		expect(await test.settle()).toBe(0);
		expect(await rebuild()).toEqual({ outcome: "opened" });
		expect(await epoch()).toBe(3);
		expect(await test.settle()).toBe(1);
		expect(await violations()).toEqual([]);
	});

	it("keeps a pause, a price change and blocked seats that were not settled, and settling records them", async () => {
		await test.seatStore.setTerms({ showtimeId, terms: { state: "paused" }, ifVersions: null, command: null });
		await test.seatStore.setTerms({ showtimeId, terms: { prices: { standard: 777 } }, ifVersions: null, command: null });
		await test.seatStore.blockSeats({ showtimeId, seats: [6, 7], isBlocked: true, ifVersions: null, command: null });
		await restartRedis();
		await rebuild();
		expect(await test.seatStore.readShowtime(showtimeId)).toMatchObject({ state: "paused", prices: { standard: 777 }, showtimeVersion: 4 });
		expect(await statuses()).toBe("AAAAAAXX");
		await test.settle();
		expect(await test.query(`select state, showtime_version, blocked_seats from showtimes where id = '${showtimeId}'`)).toEqual([
			{ state: "paused", showtime_version: "4", blocked_seats: "{6,7}" },
		]);
	});
});

describe("rebuilds that are interrupted, blocked or concurrent", () => {
	it("another process can rebuild the showtime once the claim of a dead process has expired", async () => {
		await restartRedis();
		await test.seatStore.claimShowtime(showtimeId, { token: "dead", ledgerEpoch: 1 });
		expect(await rebuild()).toEqual({ outcome: "recovering" });
		expect(await epoch()).toBe(1);
		await waitUntil("the claim to expire", async () => (await rebuild()).outcome === "opened", 10_000);
		expect(await epoch()).toBe(2);
	});

	it("the next rebuild finishes a rebuild that stopped after it had raised the epoch, and settling continues", async () => {
		await test.buy(showtimeId, [0]);
		await openShowtimeInLedger(test.database, showtimeId, { seenEpoch: 1, installedEpoch: 1, timeline: 1, quarantineMs: null });
		expect(await test.settle()).toBe(0);
		expect(await rebuild()).toEqual({ outcome: "opened" });
		expect(await test.settle()).toBe(1);
		expect(await violations()).toEqual([]);
	});

	it("a rebuild that fails gives its claim back: an open showtime stays open, a fenced showtime stays fenced", async () => {
		const broken: SeatStore = { ...test.seatStore, hasPlan: () => Promise.reject(new Error("no plan today")) };
		await test.query(`update showtimes set redis_epoch = redis_epoch + 1 where id = '${showtimeId}'`);
		await expect(rebuild({ seatStore: broken })).rejects.toThrow("no plan today");
		expect(await statuses()).toBe("AAAAAAAA");
		await restartRedis();
		await expect(rebuild({ seatStore: broken })).rejects.toThrow("no plan today");
		expect(await statuses()).toBe("fenced");
		expect(await rebuild()).toEqual({ outcome: "opened" });
	});

	it.each([
		["a locked row of the showtime", (id: ShowtimeId) => `select 1 from showtimes where id = '${id}' for update`],
		["a lock on the catalogue", () => "lock table movies in access exclusive mode"],
	])("%s makes a rebuild return recovering within 2 s without raising the epoch, until the lock is released", async (_what, lockOf) => {
		await restartRedis();
		const lock = await holdLock(test.databaseUrl, lockOf(showtimeId));
		const startMs = performance.now();
		expect(await rebuild()).toEqual({ outcome: "recovering" });
		expect(performance.now() - startMs).toBeLessThan(2_000);
		await lock.release();
		expect(await epoch()).toBe(1);
		expect(await rebuild()).toEqual({ outcome: "opened" });
		expect(await epoch()).toBe(2);
	});

	it("four rebuilds at the same time raise the epoch once, and all find the showtime open afterwards", async () => {
		await restartRedis();
		const rebuilders = [1, 2, 3, 4].map(() => createRebuilder(test.deps));
		const outcomes = await Promise.all(rebuilders.map((rebuilder) => rebuilder.rebuild(showtimeId, 0)));
		expect(outcomes.filter(({ outcome }) => outcome === "opened").length).toBeGreaterThan(0);
		await waitUntil("the showtime to be open", async () => (await rebuild()).outcome === "opened");
		expect(await epoch()).toBe(2);
	});

	it("a rebuild on a ledger restored from a backup raises the epoch above the epoch in Redis, and re-emits the lost events", async () => {
		const bought = await test.buy(showtimeId, [0, 1]);
		await test.settle();
		await test.query(
			`delete from booking_seats where booking_id = '${bought.bookingId}'; delete from booking_events where booking_id = '${bought.bookingId}'; delete from bookings where id = '${bought.bookingId}'; update showtimes set redis_epoch = 0 where id = '${showtimeId}'`,
		);
		await restartRedis();
		expect(await rebuild()).toEqual({ outcome: "opened" });
		expect(await epoch()).toBe(2);
		expect(await test.settle()).toBe(1);
		expect(await violations()).toEqual([]);
	});
});

describe("a rebuild after Redis has lost its data", () => {
	it("keeps recorded seats sold, quarantines free seats until an operator opens them, and records the loss", async () => {
		await test.buy(showtimeId, [0]);
		await test.settle();
		await test.buy(showtimeId, [1], 1);
		await loseRedis();
		expect(await statuses()).toBe("not_ready");
		expect(await rebuild()).toEqual({ outcome: "opened" });
		expect(await statuses()).toBe("SQQQQQQQ");
		const bucket = bucketOf(showtimeId);
		expect(await test.query(`select timeline, last_seq from losses where bucket = ${bucket} order by timeline desc limit 1`)).toHaveLength(
			1,
		);
		await restartRedis();
		await rebuild();
		expect(await statuses()).toBe("SQQQQQQQ");

		expect(await openQuarantinedShowtime(test, showtimeId, null)).toEqual({ outcome: "opened", seats: 99 });
		expect(await statuses()).toBe("SAAAAAAA");
		expect(await openQuarantinedShowtime(test, showtimeId, null)).toEqual({ outcome: "not_quarantined" });
		await restartRedis();
		await rebuild();
		expect(await statuses()).toBe("SAAAAAAA");
		await test.buy(showtimeId, [1], 2);
		await test.settle();
		expect(await violations()).toEqual([]);
	});

	it("quarantines no seats of a showtime that was never open, nor of a showtime whose quarantine time is over", async () => {
		await loseRedis();
		const old = showtimeId;
		showtimeId = await test.newShowtime(bucketOf(old));
		expect(await rebuild()).toEqual({ outcome: "opened" });
		expect(await statuses()).toBe("AAAAAAAA");
		showtimeId = old;
		expect(await rebuild({ quarantineMs: 0 })).toEqual({ outcome: "opened" });
		expect(await statuses()).toBe("AAAAAAAA");
	});

	it("detects the loss if the last sequence number of Redis is below that of the ledger, even if the timeline is current", async () => {
		await test.buy(showtimeId, [0]);
		await test.settle();
		const bucket = bucketOf(showtimeId);
		await test.query(`update buckets set seq = seq + 3 where bucket = ${bucket}`);
		await restartRedis();
		await rebuild();
		expect(await statuses()).toBe("SQQQQQQQ");
		const { seq } = await test.seatStore.adoptTimeline(bucket, null);
		expect(seq).toBeGreaterThanOrEqual(Number((await test.query(`select seq from buckets where bucket = ${bucket}`))[0]?.seq));
		await openQuarantinedShowtime(test, showtimeId, null);
	});

	it("still quarantines free seats if the process that detected the loss died before its commit", async () => {
		const bucket = bucketOf(showtimeId);
		const timeline = Number((await test.query(`select timeline from buckets where bucket = ${bucket}`))[0]?.timeline);
		await expect(
			checkTimeline(test.database, bucket, async () => {
				await test.seatStore.adoptTimeline(bucket, { timeline: timeline + 1, seq: 0 });
				throw new Error("dies before the COMMIT");
			}),
		).rejects.toThrow("dies before the COMMIT");
		await restartRedis();
		await rebuild();
		expect(await statuses()).toBe("QQQQQQQQ");
	});
});

describe("createRebuilder", () => {
	it("rebuilds the earliest showtime first and each showtime once, and returns recovering beyond its limit", async () => {
		const begun: ShowtimeId[] = [];
		const gate = Promise.withResolvers<void>();
		const slow: SeatStore = {
			...test.seatStore,
			async claimShowtime(id, claim) {
				begun.push(id);
				await gate.promise;
				return test.seatStore.claimShowtime(id, claim);
			},
		};
		const [a, b, c, d] = [showtimeId, await test.newShowtime(), await test.newShowtime(), await test.newShowtime()];
		const rebuilder = createRebuilder({ ...test.deps, seatStore: slow, atOnceMax: 1, waitingMax: 2 });
		const first = rebuilder.rebuild(a, 100);
		const late = rebuilder.rebuild(b, 300);
		const near = rebuilder.rebuild(c, 200);
		expect(rebuilder.rebuild(c, 200)).toBe(near);
		expect(await rebuilder.rebuild(d, 1)).toEqual({ outcome: "recovering" });
		expect(rebuilder.pending()).toBe(3);
		gate.resolve();
		expect(await Promise.all([first, near, late])).toEqual([{ outcome: "opened" }, { outcome: "opened" }, { outcome: "opened" }]);
		expect(begun).toEqual([a, c, b]);
		await rebuilder.idle();
		expect(rebuilder.pending()).toBe(0);
	});
});
