import {
	bucketOf,
	DAY_MS,
	ENDED_HOLD_TTL_MS,
	newBookingId,
	newSeatPlanId,
	newShowtimeId,
	newUserId,
	type OpenShowtime,
	USER_INDEX_MAX,
	USER_INDEX_TTL_MS,
} from "@holdfast/domain";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { bookingKey, bucketKeys, idempotencyKey, showtimeKeys, userIndexKey } from "../keys.ts";
import { holdSeats, tryHold } from "../testing/buy-seats.ts";
import { expectNoViolations } from "../testing/expect-no-violations.ts";
import { expectUnchanged, openTestStore, publishedDuring, readRecord, type TestStore } from "../testing/open-test-store.ts";
import { expectEveryReply } from "../testing/watch-replies.ts";
import { placeHoldScript } from "./place-hold.ts";

let test: TestStore;
beforeAll(async () => {
	test = await openTestStore();
});
afterAll(() => test.stop());
afterEach(() => expectNoViolations(test));

describe("placing a hold", () => {
	it("writes owner, map, expiry, buyers, record, user index and idempotency key together", async () => {
		const { redis, store } = test;
		const showtime = await test.openShowtime();
		const userId = newUserId();
		const { booking } = await holdSeats(store, showtime, [3, 4], { userId, idempotencyKey: "k1" });
		const keys = showtimeKeys(showtime.id);

		expect(booking).toMatchObject({
			state: "HELD",
			version: 1,
			seats: [3, 4],
			amounts: [1250, 1250],
			amount: 2500,
			currency: "USD",
			recorded: false,
		});
		expect(booking.expiresAt - booking.createdAt).toBe(420_000);
		expect(await redis.hgetall(keys.owner)).toEqual({ 3: `${booking.id}|${booking.expiresAt}`, 4: `${booking.id}|${booking.expiresAt}` });
		expect(await redis.get(keys.map)).toBe(`AAAHH${"A".repeat(95)}`);
		expect(await redis.hget(keys.meta, "mapVersion")).toBe("1000000001");
		expect(await redis.zrange(keys.expiry, "0", "-1", "WITHSCORES")).toEqual([`${booking.id}|${userId}|3,4`, String(booking.expiresAt)]);
		expect(await redis.zscore(bucketKeys(bucketOf(showtime.id)).expiries, showtime.id)).toBe(String(booking.expiresAt));
		expect(await redis.hget(keys.buyers, userId)).toBe(`${booking.id}:${booking.expiresAt}:3,4`);
		expect(await redis.zrange(userIndexKey(bucketOf(showtime.id), userId), "0", "-1")).toEqual([booking.id]);
		expect(await redis.get(idempotencyKey(userId, showtime.id, "k1"))).toBe(`${booking.id}|3,4`);
		expect(await store.readBooking(booking.id)).toEqual(booking);
		expect((await readRecord(redis, booking.id)).idempotencyKey).toBe("k1");
		expect(await redis.pexpiretime(bookingKey(booking.id))).toBe(booking.expiresAt + ENDED_HOLD_TTL_MS);
		expect(await redis.pexpiretime(idempotencyKey(userId, showtime.id, "k1"))).toBe(booking.expiresAt + ENDED_HOLD_TTL_MS);
		expect(await redis.pexpiretime(keys.owner)).toBe(showtime.endsAt + 2 * DAY_MS);
		expect(await redis.pexpiretime(keys.expiry)).toBe(showtime.endsAt + 2 * DAY_MS);
		expect(await redis.pexpiretime(keys.buyers)).toBe(showtime.endsAt + 2 * DAY_MS);
	});

	it("publishes the changed seats and the new map version", async () => {
		const showtime = await test.openShowtime();
		expect(await publishedDuring(test, showtime, () => holdSeats(test.store, showtime, [7, 9]))).toEqual(["1000000001 H 7,9"]);
	});

	it("returns the same booking when the same booking id is sent again, even when a new hold would be refused", async () => {
		const showtime = await test.openShowtime();
		const userId = newUserId();
		const bookingId = newBookingId(showtime.id);
		const first = await tryHold(test.store, showtime, [1], { userId, bookingId });
		const again = () => expectUnchanged(test, () => tryHold(test.store, showtime, [1], { userId, bookingId }));
		expect(await again()).toMatchObject({ outcome: "held", booking: first.outcome === "held" ? first.booking : null });
		expect(await test.at(showtime.salesCloseAt, again)).toMatchObject({ outcome: "held" });
	});

	it("is refused once the showtime is cancelled, even as a repeat by booking id or idempotency key", async () => {
		const showtime = await test.openShowtime();
		const [userId, bookingId] = [newUserId(), newBookingId(showtime.id)];
		await tryHold(test.store, showtime, [1], { userId, bookingId, idempotencyKey: "k2" });
		await test.store.setTerms({ showtimeId: showtime.id, terms: { state: "cancelled" }, ifVersions: null, command: null });
		for (const id of [bookingId, newBookingId(showtime.id)]) {
			const again = () => tryHold(test.store, showtime, [1], { userId, bookingId: id, idempotencyKey: "k2" });
			expect(await expectUnchanged(test, again)).toEqual({ outcome: "showtime_cancelled" });
		}
	});

	it("takes the seats of an expired, unreaped hold from the millisecond of its expiry on", async () => {
		const showtime = await test.openShowtime();
		const expiring = await holdSeats(test.store, showtime, [5, 6]);
		const { expiresAt } = expiring.booking;
		const early = () => expectUnchanged(test, () => tryHold(test.store, showtime, [6]));
		expect(await test.at(expiresAt - 1, early)).toEqual({ outcome: "seats_taken", seats: [6] });
		const next = await test.at(expiresAt, () => holdSeats(test.store, showtime, [6, 7]));
		expect(next.booking.createdAt).toBe(expiresAt);
		expect(await test.redis.hget(showtimeKeys(showtime.id).owner, "6")).toBe(`${next.bookingId}|${next.booking.expiresAt}`);
		const after = await test.at(expiresAt + 1, () => holdSeats(test.store, showtime, [5]));
		expect(await test.redis.hget(showtimeKeys(showtime.id).owner, "5")).toBe(`${after.bookingId}|${after.booking.expiresAt}`);
		expect(await test.store.confirmBooking(expiring)).toEqual({ outcome: "hold_expired" });
	});

	it(`keeps the ${USER_INDEX_MAX} latest bookings of a user in the index, which expires 30 days after the last`, async () => {
		const showtime = await test.openShowtime();
		const userId = newUserId();
		const index = userIndexKey(bucketOf(showtime.id), userId);
		const earlier = Array.from({ length: USER_INDEX_MAX - 1 }, (_, i) => [String(i), newBookingId(showtime.id)] as const);
		await test.redis.zadd(index, ...earlier.flat());
		const first = await holdSeats(test.store, showtime, [1], { userId });
		expect(await test.redis.zcard(index)).toBe(USER_INDEX_MAX);
		const second = await holdSeats(test.store, showtime, [2], { userId });
		expect(await test.redis.zcard(index)).toBe(USER_INDEX_MAX);
		expect(await test.redis.zscore(index, earlier[0]?.[1] ?? "")).toBeNull();
		expect(await test.redis.zrange(index, "-2", "-1")).toEqual([first.bookingId, second.bookingId]);
		expect(await test.redis.pexpiretime(index)).toBe(second.booking.createdAt + 30 * DAY_MS);
		expect(USER_INDEX_TTL_MS).toBe(30 * DAY_MS);
	});

	it("gives the seats to exactly one of 64 simultaneous holds, and answers the others seats_taken", async () => {
		const showtime = await test.openShowtime();
		const outcomes = await Promise.all(Array.from({ length: 64 }, () => tryHold(test.store, showtime, [10, 11])));
		expect(outcomes.filter(({ outcome }) => outcome === "held")).toHaveLength(1);
		expect(outcomes.filter((answer) => answer.outcome === "seats_taken" && answer.seats.join() === "10,11")).toHaveLength(63);
		expect(await test.redis.hlen(showtimeKeys(showtime.id).owner)).toBe(2);
	});
});

describe("an idempotency key", () => {
	it("replays the first booking for the same seats, and is refused for other seats", async () => {
		const showtime = await test.openShowtime();
		const userId = newUserId();
		const first = await holdSeats(test.store, showtime, [1, 2], { userId, idempotencyKey: "key" });
		const again = (seats: number[]) => expectUnchanged(test, () => tryHold(test.store, showtime, seats, { userId, idempotencyKey: "key" }));
		expect(await again([1, 2])).toEqual({ outcome: "replayed", bookingId: first.bookingId });
		expect(await again([1, 3])).toEqual({ outcome: "idempotency_mismatch" });
		expect(await test.at(showtime.endsAt, () => again([1, 2]))).toEqual({ outcome: "replayed", bookingId: first.bookingId });
	});

	it("is ignored for another user and at another showtime", async () => {
		const [showtime, other] = [await test.openShowtime(), await test.openShowtime()];
		const userId = newUserId();
		await holdSeats(test.store, showtime, [1], { userId, idempotencyKey: "key" });
		expect((await tryHold(test.store, other, [1], { userId, idempotencyKey: "key" })).outcome).toBe("held");
		expect((await tryHold(test.store, showtime, [2], { idempotencyKey: "key" })).outcome).toBe("held");
	});

	it("does not replay a refusal: the next hold with the same key is decided again", async () => {
		const showtime = await test.openShowtime();
		const userId = newUserId();
		const rival = await holdSeats(test.store, showtime, [1]);
		expect((await tryHold(test.store, showtime, [1], { userId, idempotencyKey: "key" })).outcome).toBe("seats_taken");
		await test.store.cancelBooking(rival);
		expect((await tryHold(test.store, showtime, [1], { userId, idempotencyKey: "key" })).outcome).toBe("held");
	});
});

describe("a refused hold changes nothing in Redis", () => {
	const refused = (showtime: OpenShowtime, seats: number[] = [0], userId = newUserId()) =>
		expectUnchanged(test, () => tryHold(test.store, showtime, seats, { userId, idempotencyKey: "key" }));

	it("seats_taken names every held, sold or blocked seat, and none of the free seats is given", async () => {
		const showtime = await test.openShowtime();
		await holdSeats(test.store, showtime, [2, 4]);
		await test.store.confirmBooking(await holdSeats(test.store, showtime, [5]));
		await test.store.blockSeats({ showtimeId: showtime.id, seats: [7], isBlocked: true, ifVersions: null, command: null });
		expect(await refused(showtime, [1, 2, 3, 4, 5, 6, 7])).toEqual({ outcome: "seats_taken", seats: [2, 4, 5, 7] });
	});

	it("seat_limit refuses the eleventh seat that a user holds or has bought at a showtime", async () => {
		const showtime = await test.openShowtime();
		const userId = newUserId();
		await test.store.confirmBooking(await holdSeats(test.store, showtime, [0, 1, 2, 3, 4, 5], { userId }));
		const expiring = await holdSeats(test.store, showtime, [6, 7, 8], { userId });
		expect(await refused(showtime, [9, 10], userId)).toEqual({ outcome: "seat_limit" });
		expect((await tryHold(test.store, showtime, [9], { userId })).outcome).toBe("held");
		expect(await refused(showtime, [10], userId)).toEqual({ outcome: "seat_limit" });
		const { expiresAt } = expiring.booking;
		const few = [10, 11, 12];
		expect(await test.at(expiresAt - 1, () => refused(showtime, few, userId))).toEqual({ outcome: "seat_limit" });
		expect((await test.at(expiresAt, () => tryHold(test.store, showtime, few, { userId }))).outcome).toBe("held");
	});

	it("hold_limit refuses a user's fourth live hold at a showtime, not counting released, sold or expired holds", async () => {
		const showtime = await test.openShowtime();
		const userId = newUserId();
		const options = { userId };
		const first = await holdSeats(test.store, showtime, [0], options);
		const { expiresAt } = first.booking;
		const [second, third] = [await holdSeats(test.store, showtime, [1], options), await holdSeats(test.store, showtime, [2], options)];
		expect(await refused(showtime, [3], userId)).toEqual({ outcome: "hold_limit" });
		await test.store.cancelBooking(third);
		await holdSeats(test.store, showtime, [3], options);
		expect(await refused(showtime, [4], userId)).toEqual({ outcome: "hold_limit" });
		await test.store.confirmBooking(second);
		await holdSeats(test.store, showtime, [4], options);
		expect(await test.at(expiresAt - 1, () => refused(showtime, [5], userId))).toEqual({ outcome: "hold_limit" });
		expect((await test.at(expiresAt, () => tryHold(test.store, showtime, [5], options))).outcome).toBe("held");
	});

	it("hourly_limit refuses one more than holdsPerHourMax holds per user, bucket and hour, released holds included", async () => {
		const showtime = await test.openShowtime();
		const store = test.withLimits({ holdsPerHourMax: 2 });
		const userId = newUserId();
		const first = await holdSeats(store, showtime, [0], { userId });
		await store.cancelBooking(first);
		await holdSeats(store, showtime, [0], { userId });
		const { createdAt } = first.booking;
		const third = () => expectUnchanged(test, () => tryHold(store, showtime, [1], { userId }));
		expect(await test.at(createdAt + 60_000, third)).toEqual({ outcome: "hourly_limit", retryInMs: 59 * 60_000 });
	});

	it("not_on_sale refuses holds before the sales window opens and from the millisecond it closes", async () => {
		const showtime = await test.openShowtime();
		const { salesOpenAt, salesCloseAt } = showtime;
		const take = (seat: number) => tryHold(test.store, showtime, [seat]);
		const early = salesOpenAt - 1;
		expect(await test.at(early, () => refused(showtime))).toEqual({ outcome: "not_on_sale", nowMs: early, salesOpenAt });
		for (const nowMs of [salesCloseAt, salesCloseAt + 1]) {
			expect(await test.at(nowMs, () => refused(showtime))).toEqual({ outcome: "not_on_sale", nowMs, salesOpenAt: null });
		}
		for (const [seat, instant] of [salesOpenAt, salesOpenAt + 1, salesCloseAt - 1].entries()) {
			expect((await test.at(instant, () => take(seat))).outcome).toBe("held");
		}
	});

	it("showtime_closed refuses holds from the millisecond the showtime ends", async () => {
		const endsAt = Date.now() + 60_000;
		const showtime = await test.openShowtime({ endsAt, salesCloseAt: endsAt + 60_000 });
		expect((await test.at(endsAt - 1, () => tryHold(test.store, showtime, [1]))).outcome).toBe("held");
		expect(await test.at(endsAt, () => refused(showtime))).toEqual({ outcome: "showtime_closed" });
		expect(await test.at(endsAt + 1, () => refused(showtime))).toEqual({ outcome: "showtime_closed" });
	});

	it.each([
		["paused", "not_on_sale"],
		["closed", "showtime_closed"],
		["cancelled", "showtime_cancelled"],
	] as const)("a %s showtime refuses holds with %s", async (state, outcome) => {
		const showtime = await test.openShowtime();
		await test.store.setTerms({ showtimeId: showtime.id, terms: { state }, ifVersions: null, command: null });
		expect(await refused(showtime)).toMatchObject({ outcome });
	});

	it("stale_prices refuses a hold that was priced under another plan or price version", async () => {
		const showtime = await test.openShowtime({ priceVersion: 2 });
		expect(await refused({ ...showtime, priceVersion: 1 })).toEqual({ outcome: "stale_prices" });
		expect(await refused({ ...showtime, priceVersion: 3 })).toEqual({ outcome: "stale_prices" });
		expect(await refused({ ...showtime, planId: newSeatPlanId() })).toEqual({ outcome: "stale_prices" });
	});

	it("a seat index beyond the plan throws before any write, and the last seat of the plan can be held", async () => {
		const showtime = await test.openShowtime();
		await expectUnchanged(test, () => expect(tryHold(test.store, showtime, [99, 100])).rejects.toThrow("beyond the plan"));
		expect((await tryHold(test.store, showtime, [99])).outcome).toBe("held");
	});

	it("a hold of no seats, of too many seats, or in another bucket throws before any write", async () => {
		const showtime = await test.openShowtime();
		const eleven = Array.from({ length: 11 }, (_, seat) => seat);
		const bookingId = newBookingId(newShowtimeId((bucketOf(showtime.id) + 1) % 16));
		await expectUnchanged(test, async () => {
			await expect(tryHold(test.store, showtime, [])).rejects.toThrow("seatsPerBookingMax");
			await expect(tryHold(test.store, showtime, eleven)).rejects.toThrow("seatsPerBookingMax");
			await expect(tryHold(test.store, showtime, [1], { bookingId })).rejects.toThrow("bucket");
		});
		expect((await tryHold(test.store, showtime, eleven.slice(0, 10))).outcome).toBe("held");
	});
});

it("covers every status that place-hold.lua can reply", () => expectEveryReply(test.replies, [placeHoldScript]));
