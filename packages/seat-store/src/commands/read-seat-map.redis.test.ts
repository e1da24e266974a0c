import { bucketOf, newShowtimeId, newUserId } from "@holdfast/domain";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { bookingKey, bucketKeys, showtimeKeys } from "../keys.ts";
import { holdSeats } from "../testing/buy-seats.ts";
import { expectNoViolations } from "../testing/expect-no-violations.ts";
import { expectUnchanged, openTestStore, publishedDuring, type TestStore } from "../testing/open-test-store.ts";
import { expectEveryReply } from "../testing/watch-replies.ts";
import { REAP_HOLDS_MAX, readMapScript, reapScript, SHOWTIMES_TO_REAP_MAX } from "./read-seat-map.ts";

let test: TestStore;
beforeAll(async () => {
	test = await openTestStore();
});
afterAll(() => test.stop());
afterEach(() => expectNoViolations(test));

describe("readSeatMap", () => {
	it("returns the statuses, their version, the earliest expiry and the showtime's versions, and changes nothing", async () => {
		const showtime = await test.openShowtime({ seatCount: 5, showtimeVersion: 7, scheduleVersion: 3 });
		const first = await holdSeats(test.store, showtime, [1]);
		await test.store.confirmBooking(await holdSeats(test.store, showtime, [2]));
		await holdSeats(test.store, showtime, [4]);
		expect(await expectUnchanged(test, () => test.store.readSeatMap(showtime.id))).toEqual({
			outcome: "read",
			statuses: "AHSAH",
			version: 1_000_000_004,
			earliestExpiryAt: first.booking.expiresAt,
			nowMs: expect.any(Number),
			showtimeVersion: 7,
			scheduleVersion: 3,
		});
	});

	it("shows a seat as free from the millisecond its hold expires, without any sweeper", async () => {
		const showtime = await test.openShowtime({ seatCount: 3 });
		const { booking } = await holdSeats(test.store, showtime, [0, 1]);
		const read = () => test.store.readSeatMap(showtime.id);
		const before = { statuses: "HHA", version: 1_000_000_001, earliestExpiryAt: booking.expiresAt };
		expect(await test.at(booking.expiresAt - 1, () => expectUnchanged(test, read))).toMatchObject(before);
		expect(await test.at(booking.expiresAt, read)).toMatchObject({ statuses: "AAA", version: 1_000_000_002, earliestExpiryAt: null });
		expect(await test.at(booking.expiresAt + 1, read)).toMatchObject({ statuses: "AAA", version: 1_000_000_002 });
	});

	it("frees the seats of expired holds and no others", async () => {
		const showtime = await test.openShowtime({ seatCount: 3 });
		const first = await holdSeats(test.store, showtime, [0]);
		const second = await test.at(first.booking.expiresAt - 1, () => holdSeats(test.store, showtime, [1]));
		const read = await test.at(first.booking.expiresAt, () => test.store.readSeatMap(showtime.id));
		expect(read).toMatchObject({ statuses: "AHA", earliestExpiryAt: second.booking.expiresAt });
	});
});

describe("reapHolds", () => {
	it(`frees at most ${REAP_HOLDS_MAX} expired holds per call, and the rest in the next call`, async () => {
		const showtime = await test.openShowtime({ seatCount: REAP_HOLDS_MAX + 1 });
		const all = await Promise.all(Array.from({ length: REAP_HOLDS_MAX + 1 }, (_, seat) => holdSeats(test.store, showtime, [seat])));
		const expired = Math.max(...all.map(({ booking }) => booking.expiresAt));
		const reap = () => test.at(expired, () => test.store.reapHolds(showtime.id));
		expect(await reap()).toEqual({ reaped: REAP_HOLDS_MAX, more: true });
		expect(await reap()).toEqual({ reaped: 1, more: false });
		expect(await expectUnchanged(test, reap)).toEqual({ reaped: 0, more: false });
		const keys = showtimeKeys(showtime.id);
		expect(await test.redis.exists(keys.owner, keys.expiry, keys.buyers)).toBe(0);
	});

	it("frees seats from the millisecond of expiry on, and publishes the change", async () => {
		const showtime = await test.openShowtime();
		const { booking } = await holdSeats(test.store, showtime, [1, 2]);
		const reap = () => test.store.reapHolds(showtime.id);
		expect(await test.at(booking.expiresAt - 1, () => expectUnchanged(test, reap))).toEqual({ reaped: 0, more: false });
		const published = await publishedDuring(test, showtime, async () => {
			expect(await test.at(booking.expiresAt, reap)).toEqual({ reaped: 1, more: false });
			expect(await test.at(booking.expiresAt + 1, reap)).toEqual({ reaped: 0, more: false });
		});
		expect(published).toEqual(["1000000002 A 1,2"]);
	});

	it("changes neither the booking record nor seats that another user has taken since", async () => {
		const showtime = await test.openShowtime();
		const expired = await holdSeats(test.store, showtime, [1, 2]);
		const instant = expired.booking.expiresAt;
		const next = await test.at(instant, () => holdSeats(test.store, showtime, [2]));
		const record = await test.redis.dumpBuffer(bookingKey(expired.bookingId));
		expect(await test.at(instant, () => test.store.reapHolds(showtime.id))).toEqual({ reaped: 1, more: false });
		expect(await test.redis.dumpBuffer(bookingKey(expired.bookingId))).toEqual(record);
		expect(await test.redis.hgetall(showtimeKeys(showtime.id).owner)).toEqual({ 2: `${next.bookingId}|${next.booking.expiresAt}` });
		expect(await test.redis.hkeys(showtimeKeys(showtime.id).buyers)).toEqual([next.userId]);
		expect(await test.store.readSeatMap(showtime.id)).toMatchObject({ earliestExpiryAt: next.booking.expiresAt });
	});

	it("frees no seat whose owner entry has not expired, even if the expiry index says so", async () => {
		const showtime = await test.openShowtime();
		const { bookingId, userId, booking } = await holdSeats(test.store, showtime, [1]);
		await test.redis.zadd(showtimeKeys(showtime.id).expiry, 1, `${bookingId}|${userId}|1`);
		expect(await test.store.reapHolds(showtime.id)).toEqual({ reaped: 1, more: false });
		expect(await test.redis.hgetall(showtimeKeys(showtime.id).owner)).toEqual({ 1: `${bookingId}|${booking.expiresAt}` });
	});

	it("keeps the user's other bookings in the buyers entry", async () => {
		const showtime = await test.openShowtime();
		const { userId, bookingId } = await holdSeats(test.store, showtime, [1]).then(async (bought) => {
			await test.store.confirmBooking(bought);
			return bought;
		});
		const expiring = await holdSeats(test.store, showtime, [2], { userId });
		await test.at(expiring.booking.expiresAt, () => test.store.reapHolds(showtime.id));
		expect(await test.redis.hget(showtimeKeys(showtime.id).buyers, userId)).toBe(`${bookingId}:0:1`);
	});

	it("removes a showtime from listShowtimesToReap, which has named it since the millisecond of expiry", async () => {
		const showtime = await test.openShowtime();
		const bucket = bucketOf(showtime.id);
		const { booking } = await holdSeats(test.store, showtime, [1]);
		const list = (instant: number) => test.at(instant, () => test.store.listShowtimesToReap(bucket));
		expect(await list(booking.expiresAt - 1)).toEqual([]);
		expect(await list(booking.expiresAt)).toEqual([showtime.id]);
		await test.at(booking.expiresAt, () => test.store.reapHolds(showtime.id));
		expect(await list(booking.expiresAt)).toEqual([]);
		expect(await test.redis.exists(bucketKeys(bucket).expiries)).toBe(0);
	});

	it(`listShowtimesToReap names at most ${SHOWTIMES_TO_REAP_MAX} showtimes, the earliest expiry first`, async () => {
		const ids = Array.from({ length: SHOWTIMES_TO_REAP_MAX + 1 }, () => newShowtimeId(3));
		await test.redis.zadd(bucketKeys(3).expiries, ...ids.flatMap((id, i) => [i + 1, id]));
		expect(await test.store.listShowtimesToReap(3)).toEqual(ids.slice(0, SHOWTIMES_TO_REAP_MAX));
	});

	it("keeps the showtime on the bucket's list under its next expiry", async () => {
		const showtime = await test.openShowtime();
		const first = await holdSeats(test.store, showtime, [1]);
		const second = await test.at(first.booking.expiresAt - 1, () => holdSeats(test.store, showtime, [2]));
		const score = () => test.redis.zscore(bucketKeys(bucketOf(showtime.id)).expiries, showtime.id);
		expect(await score()).toBe(String(first.booking.expiresAt));
		await test.at(first.booking.expiresAt, () => test.store.reapHolds(showtime.id));
		expect(await score()).toBe(String(second.booking.expiresAt));
	});

	it("removes a showtime that is no longer installed from the bucket's list", async () => {
		const showtime = await test.openShowtime();
		const { booking } = await holdSeats(test.store, showtime, [1]);
		await test.redis.del(showtimeKeys(showtime.id).meta);
		const expired = <T>(run: () => Promise<T>) => test.at(booking.expiresAt, run);
		expect(await expired(() => test.store.reapHolds(showtime.id))).toEqual({ reaped: 0, more: false });
		expect(await expired(() => test.store.listShowtimesToReap(bucketOf(showtime.id)))).toEqual([]);
	});

	it("keeps a showtime on the bucket's list while its claim has expired, so that it is reaped after the claim is given back", async () => {
		const showtime = await test.openShowtime();
		const { booking } = await holdSeats(test.store, showtime, [1]);
		const claim = { token: "slow", ledgerEpoch: 2 };
		await test.at(booking.expiresAt - 60_000, () => test.store.claimShowtime(showtime.id, claim));
		await test.at(booking.expiresAt, () => test.store.reapHolds(showtime.id));
		expect(test.replies.get("reap")?.at(-1)).toBe("fenced");
		await test.store.giveBackClaim(showtime.id, "slow");
		const list = () => test.store.listShowtimesToReap(bucketOf(showtime.id));
		expect(await test.at(booking.expiresAt, list)).toEqual([showtime.id]);
	});
});

describe("readOwnSeats", () => {
	it("returns the seats that the user holds or has bought, without those of expired holds", async () => {
		const showtime = await test.openShowtime();
		const userId = newUserId();
		const expiring = await holdSeats(test.withLimits({ holdTtlMs: 100_000 }), showtime, [9], { userId });
		await test.store.confirmBooking(await holdSeats(test.store, showtime, [1, 2], { userId }));
		await holdSeats(test.store, showtime, [5], { userId });
		await holdSeats(test.store, showtime, [6]);
		expect(await test.store.readOwnSeats(showtime.id, userId, expiring.booking.expiresAt - 1)).toEqual([9, 1, 2, 5]);
		expect(await test.store.readOwnSeats(showtime.id, userId, expiring.booking.expiresAt)).toEqual([1, 2, 5]);
		expect(await test.store.readOwnSeats(showtime.id, newUserId(), Date.now())).toEqual([]);
	});
});

it("covers every status that read-map.lua and reap.lua can reply", () => expectEveryReply(test.replies, [readMapScript, reapScript]));
