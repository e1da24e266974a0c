import { bucketOf, newBookingId, newSeatPlanId, newUserId, RECORD_TTL_MS } from "@holdfast/domain";
import { buildShowtime } from "@holdfast/testing";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { bookingKey, bucketKeys, idempotencyKey, showtimeKeys, userIndexKey } from "../keys.ts";
import { dumpAll, held, hold, openTestStore, reach, type TestStore } from "../open-test-store.ts";

let test: TestStore;
beforeAll(async () => {
	test = await openTestStore();
});
afterAll(() => test.stop());

describe("a hold that is placed", () => {
	it("writes owner, map, expiry, buyer, record, user index and idempotency record together", async () => {
		const { redis, store } = test;
		const showtime = await test.openShowtime();
		const userId = newUserId();
		const { booking } = await held(store, showtime, [3, 4], { userId, idempotencyKey: "k1" });
		const keys = showtimeKeys(showtime.id);

		expect(booking).toMatchObject({ state: "HELD", version: 1, seats: [3, 4], total: { amount: 2500, currency: "USD" }, recorded: false });
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
		expect(await redis.pexpiretime(bookingKey(booking.id))).toBe(booking.expiresAt + RECORD_TTL_MS);
		expect(await redis.pexpiretime(keys.owner)).toBe(showtime.endsAt + 2 * RECORD_TTL_MS);
		expect(await redis.pexpiretime(keys.expiry)).toBe(showtime.endsAt + 2 * RECORD_TTL_MS);
		expect(await redis.pexpiretime(keys.buyers)).toBe(showtime.endsAt + 2 * RECORD_TTL_MS);
	});

	it("tells the watchers which seats changed, under which map version", async () => {
		const { redis, store } = test;
		const showtime = await test.openShowtime();
		const watcher = redis.duplicate();
		const told = new Promise<string>((resolve) => watcher.on("smessage", (_channel, message) => resolve(String(message))));
		await watcher.ssubscribe(showtimeKeys(showtime.id).map);
		await held(store, showtime, [7, 9]);
		expect(await told).toBe("1000000001 H 7,9");
		watcher.disconnect();
	});

	it("is its own replay when the same booking id comes again, as after a lost answer", async () => {
		const showtime = await test.openShowtime();
		const userId = newUserId();
		const bookingId = newBookingId(showtime.id);
		const first = await hold(test.store, showtime, [1], { userId, bookingId });
		const before = await dumpAll(test.redis);
		const again = await hold(test.store, showtime, [1], { userId, bookingId });
		expect(again).toMatchObject({ outcome: "held", booking: first.outcome === "held" ? first.booking : null });
		expect(await dumpAll(test.redis)).toEqual(before);
	});

	it("takes a seat whose hold has lapsed, though nobody reaped it", async () => {
		const showtime = await test.openShowtime();
		const brief = test.withLimits({ holdTtlMs: 400 });
		const lapsed = await held(brief, showtime, [5, 6]);
		expect(await hold(test.store, showtime, [6])).toEqual({ outcome: "seats_taken", seats: [6] });
		await reach(test.redis, lapsed.booking.expiresAt);
		const next = await held(test.store, showtime, [6, 7]);
		expect(await test.redis.hget(showtimeKeys(showtime.id).owner, "6")).toBe(`${next.bookingId}|${next.booking.expiresAt}`);
		expect(await test.store.confirmBooking(lapsed)).toEqual({ outcome: "hold_expired" });
	});

	it("is won by exactly one of 64 who ask at once, all others told", async () => {
		const showtime = await test.openShowtime();
		const outcomes = await Promise.all(Array.from({ length: 64 }, () => hold(test.store, showtime, [10, 11])));
		expect(outcomes.filter(({ outcome }) => outcome === "held")).toHaveLength(1);
		expect(outcomes.filter((answer) => answer.outcome === "seats_taken" && answer.seats.join() === "10,11")).toHaveLength(63);
		expect(await test.redis.hlen(showtimeKeys(showtime.id).owner)).toBe(2);
	});
});

describe("an idempotency key", () => {
	it("gives the first booking again for the same seats, and refuses other seats", async () => {
		const showtime = await test.openShowtime();
		const userId = newUserId();
		const first = await held(test.store, showtime, [1, 2], { userId, idempotencyKey: "key" });
		const before = await dumpAll(test.redis);
		expect(await hold(test.store, showtime, [1, 2], { userId, idempotencyKey: "key" })).toEqual({
			outcome: "replayed",
			bookingId: first.bookingId,
		});
		expect(await hold(test.store, showtime, [1, 3], { userId, idempotencyKey: "key" })).toEqual({ outcome: "idempotency_mismatch" });
		expect(await dumpAll(test.redis)).toEqual(before);
	});

	it("means nothing to another user, nor at another showtime", async () => {
		const [showtime, other] = [await test.openShowtime(), await test.openShowtime()];
		const userId = newUserId();
		await held(test.store, showtime, [1], { userId, idempotencyKey: "key" });
		expect((await hold(test.store, other, [1], { userId, idempotencyKey: "key" })).outcome).toBe("held");
		expect((await hold(test.store, showtime, [2], { idempotencyKey: "key" })).outcome).toBe("held");
	});

	it("leaves a refusal to be judged anew", async () => {
		const showtime = await test.openShowtime();
		const userId = newUserId();
		const rival = await held(test.store, showtime, [1]);
		expect((await hold(test.store, showtime, [1], { userId, idempotencyKey: "key" })).outcome).toBe("seats_taken");
		await test.store.cancelBooking(rival);
		expect((await hold(test.store, showtime, [1], { userId, idempotencyKey: "key" })).outcome).toBe("held");
	});
});

describe("a hold that is refused changes nothing", () => {
	async function refused(change: Record<string, string | number>): Promise<string> {
		const showtime = await test.openShowtime();
		await test.redis.hset(showtimeKeys(showtime.id).meta, change);
		const before = await dumpAll(test.redis);
		const { outcome } = await hold(test.store, showtime, [0], { idempotencyKey: "key" });
		expect(await dumpAll(test.redis)).toEqual(before);
		return outcome;
	}

	it("seats_taken names every taken seat, and gives none of the free ones", async () => {
		const showtime = await test.openShowtime();
		await held(test.store, showtime, [2, 4]);
		const before = await dumpAll(test.redis);
		expect(await hold(test.store, showtime, [1, 2, 3, 4])).toEqual({ outcome: "seats_taken", seats: [2, 4] });
		expect(await dumpAll(test.redis)).toEqual(before);
	});

	it("seat_limit: ten seats per user and showtime, held and bought together; the eleventh is refused", async () => {
		const showtime = await test.openShowtime();
		const userId = newUserId();
		await test.store.confirmBooking(await held(test.store, showtime, [0, 1, 2, 3, 4, 5], { userId }));
		await held(test.store, showtime, [6, 7, 8], { userId });
		const before = await dumpAll(test.redis);
		expect(await hold(test.store, showtime, [9, 10], { userId })).toEqual({ outcome: "seat_limit" });
		expect(await dumpAll(test.redis)).toEqual(before);
		expect((await hold(test.store, showtime, [9], { userId })).outcome).toBe("held");
	});

	it("hold_limit: three live holds per user and showtime; a released or lapsed one counts no more", async () => {
		const showtime = await test.openShowtime();
		const userId = newUserId();
		const brief = await held(test.withLimits({ holdTtlMs: 400 }), showtime, [0], { userId });
		await held(test.store, showtime, [1], { userId });
		const third = await held(test.store, showtime, [2], { userId });
		expect(await hold(test.store, showtime, [3], { userId })).toEqual({ outcome: "hold_limit" });
		await test.store.cancelBooking(third);
		expect((await hold(test.store, showtime, [3], { userId })).outcome).toBe("held");
		await reach(test.redis, brief.booking.expiresAt);
		expect((await hold(test.store, showtime, [4], { userId })).outcome).toBe("held");
		expect(await hold(test.store, showtime, [5], { userId })).toEqual({ outcome: "hold_limit" });
	});

	it("not_on_sale before the window opens, from its end on, and while paused", async () => {
		expect(await refused({ salesOpenAt: Date.now() + 60_000 })).toBe("not_on_sale");
		expect(await refused({ salesCloseAt: Date.now() })).toBe("not_on_sale");
		expect(await refused({ state: "paused" })).toBe("not_on_sale");
	});

	it("showtime_closed once closed or over, showtime_cancelled once cancelled", async () => {
		expect(await refused({ state: "closed" })).toBe("showtime_closed");
		expect(await refused({ endsAt: Date.now() })).toBe("showtime_closed");
		expect(await refused({ state: "cancelled" })).toBe("showtime_cancelled");
	});

	it("stale_prices when it was priced under another plan or price version", async () => {
		expect(await refused({ priceVersion: 2 })).toBe("stale_prices");
		expect(await refused({ planId: newSeatPlanId() })).toBe("stale_prices");
	});

	it("not_ready when the showtime is not installed: absent is closed, never all free", async () => {
		const before = await dumpAll(test.redis);
		expect(await hold(test.store, buildShowtime(), [0])).toEqual({ outcome: "not_ready" });
		expect(await dumpAll(test.redis)).toEqual(before);
	});

	it("a seat index beyond the plan is a fault, before any write", async () => {
		const showtime = await test.openShowtime();
		const before = await dumpAll(test.redis);
		await expect(hold(test.store, showtime, [99, 100])).rejects.toThrow("beyond the plan");
		expect(await dumpAll(test.redis)).toEqual(before);
	});
});
