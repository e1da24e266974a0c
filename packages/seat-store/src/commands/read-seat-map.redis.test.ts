import { bucketOf, newUserId } from "@holdfast/domain";
import { buildShowtime, findSeatFlaws } from "@holdfast/testing";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { bookingKey, bucketKeys, showtimeKeys } from "../keys.ts";
import { dumpAll, held, openTestStore, reach, type TestStore } from "../open-test-store.ts";

let test: TestStore;
beforeAll(async () => {
	test = await openTestStore();
});
afterAll(() => test.stop());

describe("readSeatMap", () => {
	it("gives the statuses, their version and the earliest expiry, and changes nothing", async () => {
		const showtime = await test.openShowtime({ seatCount: 5 });
		const first = await held(test.store, showtime, [1]);
		await test.store.confirmBooking(await held(test.store, showtime, [2]));
		await held(test.store, showtime, [4]);
		const before = await dumpAll(test.redis);
		expect(await test.store.readSeatMap(showtime.id)).toMatchObject({
			outcome: "read",
			statuses: "AHSAH",
			version: 1_000_000_004,
			earliestExpiryAt: first.booking.expiresAt,
		});
		expect(await dumpAll(test.redis)).toEqual(before);
	});

	it("shows a seat free from its hold's expiry on, with no sweeper about", async () => {
		const showtime = await test.openShowtime({ seatCount: 3 });
		const { booking } = await held(test.withLimits({ holdTtlMs: 400 }), showtime, [0, 1]);
		expect(await test.store.readSeatMap(showtime.id)).toMatchObject({ statuses: "HHA" });
		await reach(test.redis, booking.expiresAt);
		expect(await test.store.readSeatMap(showtime.id)).toMatchObject({ statuses: "AAA", earliestExpiryAt: null, version: 1_000_000_002 });
	});

	it("is not_ready for a showtime that is not installed", async () => {
		expect(await test.store.readSeatMap(buildShowtime().id)).toEqual({ outcome: "not_ready" });
	});
});

describe("reapHolds", () => {
	it("frees at most 100 lapsed holds a call, then the rest", async () => {
		const showtime = await test.openShowtime({ seatCount: 101 });
		const brief = test.withLimits({ holdTtlMs: 2_000 });
		const all = await Promise.all(Array.from({ length: 101 }, (_, seat) => held(brief, showtime, [seat])));
		await reach(test.redis, Math.max(...all.map(({ booking }) => booking.expiresAt)));
		expect(await test.store.reapHolds(showtime.id)).toEqual({ reaped: 100, more: true });
		expect(await test.store.reapHolds(showtime.id)).toEqual({ reaped: 1, more: false });
		expect(await test.store.reapHolds(showtime.id)).toEqual({ reaped: 0, more: false });
		const keys = showtimeKeys(showtime.id);
		expect(await test.redis.exists(keys.owner, keys.expiry, keys.buyers)).toBe(0);
		expect(await findSeatFlaws(test.store, showtime.id, [])).toEqual([]);
	});

	it("leaves the booking record alone, and seats that someone else has taken since", async () => {
		const showtime = await test.openShowtime();
		const lapsed = await held(test.withLimits({ holdTtlMs: 400 }), showtime, [1, 2]);
		await reach(test.redis, lapsed.booking.expiresAt);
		const next = await held(test.store, showtime, [2]);
		const record = await test.redis.dump(bookingKey(lapsed.bookingId));
		expect(await test.store.reapHolds(showtime.id)).toEqual({ reaped: 1, more: false });
		expect(await test.redis.dump(bookingKey(lapsed.bookingId))).toBe(record);
		expect(await test.redis.hkeys(showtimeKeys(showtime.id).owner)).toEqual(["2"]);
		expect(await test.store.readSeatMap(showtime.id)).toMatchObject({ earliestExpiryAt: next.booking.expiresAt });
	});

	it("leaves the map version as it was when nothing was freed", async () => {
		const showtime = await test.openShowtime();
		await held(test.store, showtime, [1]);
		const before = await dumpAll(test.redis);
		expect(await test.store.reapHolds(showtime.id)).toEqual({ reaped: 0, more: false });
		expect(await dumpAll(test.redis)).toEqual(before);
	});

	it("is told which showtimes need it, and the list empties", async () => {
		const showtime = await test.openShowtime();
		const bucket = bucketOf(showtime.id);
		const { booking } = await held(test.withLimits({ holdTtlMs: 400 }), showtime, [1]);
		await reach(test.redis, booking.expiresAt);
		expect(await test.store.listLapsedShowtimes(bucket)).toContain(showtime.id);
		await test.store.reapHolds(showtime.id);
		expect(await test.store.listLapsedShowtimes(bucket)).not.toContain(showtime.id);
		expect(await test.redis.zscore(bucketKeys(bucket).expiries, showtime.id)).toBeNull();
	});

	it("forgets a showtime that is no longer installed", async () => {
		const showtime = await test.openShowtime();
		const { booking } = await held(test.withLimits({ holdTtlMs: 400 }), showtime, [1]);
		await test.redis.del(showtimeKeys(showtime.id).meta);
		await reach(test.redis, booking.expiresAt);
		expect(await test.store.reapHolds(showtime.id)).toEqual({ reaped: 0, more: false });
		expect(await test.store.listLapsedShowtimes(bucketOf(showtime.id))).not.toContain(showtime.id);
	});
});

describe("readOwnSeats", () => {
	it("gives what the user holds and has bought, and nothing that has lapsed", async () => {
		const showtime = await test.openShowtime();
		const userId = newUserId();
		const lapsing = await held(test.withLimits({ holdTtlMs: 400 }), showtime, [9], { userId });
		await test.store.confirmBooking(await held(test.store, showtime, [1, 2], { userId }));
		await held(test.store, showtime, [5], { userId });
		await held(test.store, showtime, [6]);
		expect(await test.store.readOwnSeats(showtime.id, userId, lapsing.booking.expiresAt - 1)).toEqual([9, 1, 2, 5]);
		expect(await test.store.readOwnSeats(showtime.id, userId, lapsing.booking.expiresAt)).toEqual([1, 2, 5]);
		expect(await test.store.readOwnSeats(showtime.id, newUserId(), Date.now())).toEqual([]);
	});
});
