import { bucketOf, ENDED_HOLD_TTL_MS, newBookingId, newUserId } from "@holdfast/domain";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { bookingKey, bucketKeys, showtimeKeys } from "../keys.ts";
import { holdSeats, tryHold } from "../testing/buy-seats.ts";
import { expectNoViolations } from "../testing/expect-no-violations.ts";
import { countWrites, expectUnchanged, openTestStore, publishedDuring, type TestStore } from "../testing/open-test-store.ts";
import { expectEveryReply } from "../testing/watch-replies.ts";
import { extendScript } from "./change-booking.ts";

let test: TestStore;
beforeAll(async () => {
	test = await openTestStore();
});
afterAll(() => test.stop());
afterEach(() => expectNoViolations(test));

const MINUTE_MS = 60_000;

describe("an extended hold", () => {
	it("expires ten minutes from now in owner, expiry index, buyers entry and record, and the seat map does not change", async () => {
		const { redis, store } = test;
		const showtime = await test.openShowtime();
		const command = await holdSeats(store, showtime, [1, 2]);
		const keys = showtimeKeys(showtime.id);
		const bucket = bucketKeys(bucketOf(showtime.id));
		const instant = command.booking.createdAt + MINUTE_MS;
		const expiresAt = instant + 10 * MINUTE_MS;
		const published = await publishedDuring(test, showtime, async () => {
			const extended = await test.at(instant, () => store.extendHold(command));
			expect(extended).toEqual({
				outcome: "extended",
				nowMs: instant,
				booking: { ...command.booking, state: "PAYING", version: 2, expiresAt },
			});
		});
		expect(published).toEqual([]);
		expect(await redis.hgetall(keys.owner)).toEqual({ 1: `${command.bookingId}|${expiresAt}`, 2: `${command.bookingId}|${expiresAt}` });
		expect(await redis.zrange(keys.expiry, "0", "-1", "WITHSCORES")).toEqual([
			`${command.bookingId}|${command.userId}|1,2`,
			String(expiresAt),
		]);
		expect(await redis.hget(keys.buyers, command.userId)).toBe(`${command.bookingId}:${expiresAt}:1,2`);
		expect(await redis.pexpiretime(bookingKey(command.bookingId))).toBe(expiresAt + ENDED_HOLD_TTL_MS);
		// The bucket's list may hold an expiry that is too early, but never one that is too late.
		expect(await redis.zscore(bucket.expiries, showtime.id)).toBe(String(command.booking.expiresAt));
		expect(await redis.exists(bucket.outbox)).toBe(0);
		expect(await store.readSeatMap(showtime.id)).toMatchObject({ earliestExpiryAt: expiresAt, version: 1_000_000_001 });
	});

	it("is extended only once: a repeat returns the same booking and changes no expiry", async () => {
		const showtime = await test.openShowtime();
		const command = await holdSeats(test.store, showtime, [1]);
		const first = await test.store.extendHold({ ...command, ifVersion: 1 });
		const writes = await countWrites(test.redis);
		for (const ifVersion of [null, 1, 2]) {
			const again = await test.at(command.booking.createdAt + MINUTE_MS, () => test.store.extendHold({ ...command, ifVersion }));
			expect(again).toEqual({ ...first, nowMs: expect.any(Number) });
		}
		expect(await countWrites(test.redis)).toBe(writes + 3);
	});

	it("never lasts longer than half an hour from when it was placed", async () => {
		const showtime = await test.openShowtime();
		const store = test.withLimits({ holdTtlMs: 25 * MINUTE_MS });
		const [within, beyond] = [await holdSeats(store, showtime, [1]), await holdSeats(store, showtime, [2])];
		const { createdAt } = within.booking;
		const late = await test.at(createdAt + 20 * MINUTE_MS, () => store.extendHold(within));
		expect(late).toMatchObject({ booking: { expiresAt: createdAt + 30 * MINUTE_MS } });
		const later = await test.at(beyond.booking.createdAt + 20 * MINUTE_MS + 1, () => store.extendHold(beyond));
		expect(later).toMatchObject({ booking: { expiresAt: beyond.booking.createdAt + 30 * MINUTE_MS } });
	});

	it("never expires sooner than it would have without the extension", async () => {
		const showtime = await test.openShowtime();
		const command = await holdSeats(test.store, showtime, [1]);
		const brief = test.withLimits({ holdExtensionMs: 1_000 });
		expect(await brief.extendHold(command)).toMatchObject({ booking: { state: "PAYING", expiresAt: command.booking.expiresAt } });
		const other = await holdSeats(test.store, showtime, [2]);
		const short = test.withLimits({ holdLifeMaxMs: 1_000 });
		expect(await short.extendHold(other)).toMatchObject({ booking: { state: "PAYING", expiresAt: other.booking.expiresAt } });
	});

	it("keeps its seats past its first expiry, counts against the limits until the second, and then expires", async () => {
		const showtime = await test.openShowtime();
		const command = await holdSeats(test.store, showtime, [1, 2]);
		const first = command.booking.expiresAt;
		await test.at(first - 1, () => test.store.extendHold(command));
		const second = first - 1 + 10 * MINUTE_MS;
		const rival = () => tryHold(test.store, showtime, [2]);
		for (const instant of [first, second - 1]) {
			expect(await test.at(instant, () => expectUnchanged(test, rival))).toEqual({ outcome: "seats_taken", seats: [2] });
			expect(await test.store.readOwnSeats(showtime.id, command.userId, instant)).toEqual([1, 2]);
		}
		expect(await test.at(second, () => expectUnchanged(test, () => test.store.confirmBooking(command)))).toEqual({
			outcome: "hold_expired",
		});
		expect((await test.at(second, rival)).outcome).toBe("held");
	});

	it("can be released after the extension", async () => {
		const showtime = await test.openShowtime();
		const command = await holdSeats(test.store, showtime, [1]);
		await test.store.extendHold(command);
		const released = await test.store.cancelBooking({ ...command, ifVersion: 2 });
		expect(released).toMatchObject({ outcome: "cancelled", booking: { state: "CANCELLED", version: 3, confirmedAt: null } });
		const keys = showtimeKeys(showtime.id);
		expect(await test.redis.exists(keys.owner, keys.expiry, keys.buyers)).toBe(0);
	});
});

describe("a refused extend changes nothing in Redis", () => {
	const refused = (command: Parameters<TestStore["store"]["extendHold"]>[0]) => expectUnchanged(test, () => test.store.extendHold(command));

	it("refuses with hold_expired from the millisecond of expiry on, even under a wrong version", async () => {
		const showtime = await test.openShowtime();
		const command = await holdSeats(test.store, showtime, [1]);
		for (const laterMs of [0, 1]) {
			const answer = await test.at(command.booking.expiresAt + laterMs, () => refused({ ...command, ifVersion: 7 }));
			expect(answer).toEqual({ outcome: "hold_expired" });
		}
		expect((await test.at(command.booking.expiresAt - 1, () => test.store.extendHold(command))).outcome).toBe("extended");
	});

	it("refuses with hold_expired from the new expiry of an extended hold on", async () => {
		const showtime = await test.openShowtime();
		const command = await holdSeats(test.store, showtime, [1]);
		const extended = await test.store.extendHold(command);
		if (extended.outcome !== "extended") throw new Error(extended.outcome);
		expect(await test.at(extended.booking.expiresAt, () => refused(command))).toEqual({ outcome: "hold_expired" });
	});

	it("refuses with hold_expired when the hold has lost a seat, even if the clock went backwards", async () => {
		const showtime = await test.openShowtime();
		const command = await holdSeats(test.store, showtime, [1, 2]);
		await test.at(command.booking.expiresAt, () => holdSeats(test.store, showtime, [2]));
		expect(await refused(command)).toEqual({ outcome: "hold_expired" });
	});

	it("refuses with version_mismatch when ifVersion is not the booking's version, before and after an extension", async () => {
		const showtime = await test.openShowtime();
		const command = await holdSeats(test.store, showtime, [1]);
		expect(await refused({ ...command, ifVersion: 2 })).toEqual({ outcome: "version_mismatch", version: 1 });
		await test.store.extendHold(command);
		expect(await refused({ ...command, ifVersion: 3 })).toEqual({ outcome: "version_mismatch", version: 2 });
	});

	it("refuses with booking_state once the booking is confirmed or released, and with version_mismatch under its old version", async () => {
		const showtime = await test.openShowtime();
		const [sold, released] = [await holdSeats(test.store, showtime, [1]), await holdSeats(test.store, showtime, [2])];
		await test.store.confirmBooking(sold);
		await test.store.cancelBooking(released);
		for (const command of [sold, released]) {
			expect(await refused(command)).toEqual({ outcome: "booking_state" });
			expect(await refused({ ...command, ifVersion: 2 })).toEqual({ outcome: "booking_state" });
			expect(await refused({ ...command, ifVersion: 1 })).toEqual({ outcome: "version_mismatch", version: 2 });
		}
	});

	it("refuses with not_found when the hold is another user's, and with not_loaded when it has no record", async () => {
		const showtime = await test.openShowtime();
		const command = await holdSeats(test.store, showtime, [1]);
		expect(await refused({ ...command, userId: newUserId() })).toEqual({ outcome: "not_found" });
		expect(await refused({ ...command, bookingId: newBookingId(showtime.id) })).toEqual({ outcome: "not_loaded" });
	});

	it("refuses with showtime_cancelled once the showtime is cancelled, but not while it is paused or closed", async () => {
		const showtime = await test.openShowtime();
		const set = (state: "paused" | "closed" | "cancelled") =>
			test.store.setTerms({ showtimeId: showtime.id, terms: { state }, ifVersions: null, command: null });
		for (const [seat, state] of (["paused", "closed"] as const).entries()) {
			await test.store.setTerms({ showtimeId: showtime.id, terms: { state: "open" }, ifVersions: null, command: null });
			const command = await holdSeats(test.store, showtime, [seat]);
			await set(state);
			expect((await test.store.extendHold(command)).outcome).toBe("extended");
		}
		await test.store.setTerms({ showtimeId: showtime.id, terms: { state: "open" }, ifVersions: null, command: null });
		const command = await holdSeats(test.store, showtime, [9]);
		await set("cancelled");
		expect(await refused(command)).toEqual({ outcome: "showtime_cancelled" });
	});
});

it("covers every status that extend.lua can reply", () => expectEveryReply(test.replies, [extendScript]));
