/** The limit on holds that one user may place in one bucket within an hour. The tests set the clock. */
import { bucketOf, LIMIT_SPECS, newBookingId, newShowtimeId, newUserId, type OpenShowtime, type UserId } from "@holdfast/domain";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { userIndexKey } from "../keys.ts";
import type { SeatStore } from "../seat-store.ts";
import { holdSeats, tryHold } from "../testing/buy-seats.ts";
import { expectNoViolations } from "../testing/expect-no-violations.ts";
import { expectUnchanged, openTestStore, type TestStore } from "../testing/open-test-store.ts";

let test: TestStore;
beforeAll(async () => {
	test = await openTestStore();
});
afterAll(() => test.stop());
afterEach(() => expectNoViolations(test));

const HOUR_MS = 3_600_000;

/** Places and releases `count` holds, the first at `fromMs` and each following one `apartMs` later. */
async function holdAndRelease(store: SeatStore, showtime: OpenShowtime, userId: UserId, count: number, fromMs: number, apartMs = 0) {
	for (let n = 0; n < count; n += 1) {
		await test.at(fromMs + n * apartMs, async () => store.cancelBooking(await holdSeats(store, showtime, [n % 100], { userId })));
	}
}

async function newUserAtShowtime() {
	return { showtime: await test.openShowtime(), userId: newUserId(), startMs: Date.now() };
}

describe("a user who places and releases holds in a loop", () => {
	const { default: usual, max } = LIMIT_SPECS.holdsPerHourMax;

	it.each([usual, max])("places %i holds in a bucket, is refused the next one, and gets the time until it is possible", async (limit) => {
		const { showtime, userId, startMs } = await newUserAtShowtime();
		const store = test.withLimits({ holdsPerHourMax: limit });
		await holdAndRelease(store, showtime, userId, limit, startMs, 10_000);
		const next = () => tryHold(store, showtime, [1], { userId });
		const refusedAt = (nowMs: number) => test.at(nowMs, () => expectUnchanged(test, next));
		const lastMs = startMs + (limit - 1) * 10_000;
		expect(await refusedAt(lastMs)).toEqual({ outcome: "hourly_limit", retryInMs: startMs + HOUR_MS - lastMs });
		expect(await refusedAt(startMs + HOUR_MS - 1)).toEqual({ outcome: "hourly_limit", retryInMs: 1 });
		expect((await test.at(startMs + HOUR_MS, next)).outcome).toBe("held");
		expect(await refusedAt(startMs + HOUR_MS)).toEqual({ outcome: "hourly_limit", retryInMs: 10_000 });
		expect(await test.redis.zcard(userIndexKey(bucketOf(showtime.id), userId))).toBe(Math.min(limit + 1, 200));
	});

	it("is refused after the limit was lowered until enough holds are more than an hour old", async () => {
		const { showtime, userId, startMs } = await newUserAtShowtime();
		await holdAndRelease(test.store, showtime, userId, 10, startMs, 1_000);
		const strict = test.withLimits({ holdsPerHourMax: 4 });
		const next = () => tryHold(strict, showtime, [1], { userId });
		const retryInMs = HOUR_MS - 3_000;
		expect(await test.at(startMs + 9_000, () => expectUnchanged(test, next))).toEqual({ outcome: "hourly_limit", retryInMs });
		const roomMs = startMs + 9_000 + retryInMs;
		expect(await test.at(roomMs - 1, () => expectUnchanged(test, next))).toEqual({ outcome: "hourly_limit", retryInMs: 1 });
		expect((await test.at(roomMs, next)).outcome).toBe("held");
	});

	it("has every new hold in the index at once, even when the index is full of older bookings", async () => {
		const { showtime, userId, startMs } = await newUserAtShowtime();
		const index = userIndexKey(bucketOf(showtime.id), userId);
		const older = Array.from({ length: 200 }, (_, n) => [startMs - HOUR_MS - n, newBookingId(showtime.id)]).flat();
		await test.redis.zadd(index, ...older);
		const { bookingId } = await test.at(startMs, () => holdSeats(test.store, showtime, [1], { userId }));
		expect(await test.redis.zscore(index, bookingId)).toBe(String(startMs));
		expect(await test.redis.zcard(index)).toBe(200);
	});

	it("is still refused after the clock went backwards", async () => {
		const { showtime, userId, startMs } = await newUserAtShowtime();
		const strict = test.withLimits({ holdsPerHourMax: 2 });
		await holdAndRelease(strict, showtime, userId, 2, startMs + 600_000);
		const answer = test.at(startMs, () => expectUnchanged(test, () => tryHold(strict, showtime, [1], { userId })));
		expect(await answer).toEqual({ outcome: "hourly_limit", retryInMs: HOUR_MS + 600_000 });
	});
});

describe("the number of holds in an hour", () => {
	it("includes expired, released, confirmed and cancelled holds", async () => {
		const { showtime, userId, startMs } = await newUserAtShowtime();
		const strict = test.withLimits({ holdsPerHourMax: 4, holdTtlMs: 1_000 });
		const options = { userId };
		await test.at(startMs, async () => {
			await holdSeats(strict, showtime, [0], options);
			await strict.cancelBooking(await holdSeats(strict, showtime, [1], options));
			await strict.confirmBooking(await holdSeats(strict, showtime, [2], options));
		});
		await test.at(startMs + 1_000, async () => {
			const cancelled = await holdSeats(strict, showtime, [3], options);
			await strict.confirmBooking(cancelled);
			await strict.cancelBooking(cancelled);
		});
		const answer = test.at(startMs + 2_000, () => expectUnchanged(test, () => tryHold(strict, showtime, [4], options)));
		expect(await answer).toEqual({ outcome: "hourly_limit", retryInMs: HOUR_MS - 2_000 });
	});

	it("includes neither refusals nor repeats: at the limit a repeat by booking id or idempotency key still gets its hold", async () => {
		const { showtime, userId } = await newUserAtShowtime();
		const strict = test.withLimits({ holdsPerHourMax: 2 });
		await holdSeats(strict, showtime, [5]);
		for (let n = 0; n < 5; n += 1) expect((await tryHold(strict, showtime, [5], { userId })).outcome).toBe("seats_taken");
		const bookingId = newBookingId(showtime.id);
		const byId = () => tryHold(strict, showtime, [0], { userId, bookingId });
		const byKey = () => tryHold(strict, showtime, [1], { userId, idempotencyKey: "key" });
		await byId();
		for (let n = 0; n < 5; n += 1) expect((await byId()).outcome).toBe("held");
		await byKey();
		expect((await tryHold(strict, showtime, [2], { userId })).outcome).toBe("hourly_limit");
		expect((await expectUnchanged(test, byId)).outcome).toBe("held");
		expect((await expectUnchanged(test, byKey)).outcome).toBe("replayed");
	});

	it("is counted per user and bucket, over all showtimes of the bucket", async () => {
		const { showtime, userId } = await newUserAtShowtime();
		const strict = test.withLimits({ holdsPerHourMax: 1 });
		const [neighbour, elsewhere] = [0, 1].map((away) => newShowtimeId((bucketOf(showtime.id) + away) % 16));
		await holdSeats(strict, showtime, [0], { userId });
		const outcomeAt = async (id: typeof neighbour, user: UserId) =>
			(await tryHold(strict, await test.openShowtime(id === undefined ? {} : { id }), [0], { userId: user })).outcome;
		expect(await outcomeAt(neighbour, userId)).toBe("hourly_limit");
		expect(await outcomeAt(elsewhere, userId)).toBe("held");
		expect((await tryHold(strict, showtime, [1], { userId: newUserId() })).outcome).toBe("held");
	});
});
