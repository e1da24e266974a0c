/** How many holds one user may place in one bucket within an hour, by a clock that the test sets. */
import { bucketOf, LIMIT_SPECS, newBookingId, newShowtimeId, newUserId, type OpenShowtime, type UserId } from "@holdfast/domain";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { userIndexKey } from "../keys.ts";
import type { SeatStore } from "../seat-store.ts";
import { held, hold } from "../testing/buy-seats.ts";
import { expectNoViolations } from "../testing/expect-no-violations.ts";
import { openTestStore, type TestStore, expectUnchanged } from "../testing/open-test-store.ts";

let test: TestStore;
beforeAll(async () => {
	test = await openTestStore();
});
afterAll(() => test.stop());
afterEach(() => expectNoViolations(test));

const HOUR_MS = 3_600_000;

/** Place so many holds and release each, the first at `fromMs` and each `apartMs` after the one before. */
async function holdAndRelease(store: SeatStore, showtime: OpenShowtime, userId: UserId, count: number, fromMs: number, apartMs = 0) {
	for (let n = 0; n < count; n += 1) {
		await test.at(fromMs + n * apartMs, async () => store.cancelBooking(await held(store, showtime, [n % 100], { userId })));
	}
}

async function scene() {
	return { showtime: await test.openShowtime(), userId: newUserId(), startMs: Date.now() };
}

describe("a user who holds and releases in a loop", () => {
	const { default: usual, max } = LIMIT_SPECS.holdsPerHourMax;

	it.each([usual, max])("places %i holds in a bucket, is refused the next one, and learns when there is room again", async (limit) => {
		const { showtime, userId, startMs } = await scene();
		const store = test.withLimits({ holdsPerHourMax: limit });
		await holdAndRelease(store, showtime, userId, limit, startMs, 10_000);
		const next = () => hold(store, showtime, [1], { userId });
		const refusedAt = (nowMs: number) => test.at(nowMs, () => expectUnchanged(test, next));
		const lastMs = startMs + (limit - 1) * 10_000;
		expect(await refusedAt(lastMs)).toEqual({ outcome: "hourly_limit", retryInMs: startMs + HOUR_MS - lastMs });
		expect(await refusedAt(startMs + HOUR_MS - 1)).toEqual({ outcome: "hourly_limit", retryInMs: 1 });
		expect((await test.at(startMs + HOUR_MS, next)).outcome).toBe("held");
		expect(await refusedAt(startMs + HOUR_MS)).toEqual({ outcome: "hourly_limit", retryInMs: 10_000 });
		expect(await test.redis.zcard(userIndexKey(bucketOf(showtime.id), userId))).toBe(Math.min(limit + 1, 200));
	});

	it("waits until enough holds have left the hour after the limit was lowered", async () => {
		const { showtime, userId, startMs } = await scene();
		await holdAndRelease(test.store, showtime, userId, 10, startMs, 1_000);
		const strict = test.withLimits({ holdsPerHourMax: 4 });
		const next = () => hold(strict, showtime, [1], { userId });
		const retryInMs = HOUR_MS - 3_000;
		expect(await test.at(startMs + 9_000, () => expectUnchanged(test, next))).toEqual({ outcome: "hourly_limit", retryInMs });
		const roomMs = startMs + 9_000 + retryInMs;
		expect(await test.at(roomMs - 1, () => expectUnchanged(test, next))).toEqual({ outcome: "hourly_limit", retryInMs: 1 });
		expect((await test.at(roomMs, next)).outcome).toBe("held");
	});

	it("finds every hold in the index at once, also when the index is full of older bookings", async () => {
		const { showtime, userId, startMs } = await scene();
		const index = userIndexKey(bucketOf(showtime.id), userId);
		const older = Array.from({ length: 200 }, (_, n) => [startMs - HOUR_MS - n, newBookingId(showtime.id)]).flat();
		await test.redis.zadd(index, ...older);
		const { bookingId } = await test.at(startMs, () => held(test.store, showtime, [1], { userId }));
		expect(await test.redis.zscore(index, bookingId)).toBe(String(startMs));
		expect(await test.redis.zcard(index)).toBe(200);
	});

	it("is still refused after the clock has fallen back", async () => {
		const { showtime, userId, startMs } = await scene();
		const strict = test.withLimits({ holdsPerHourMax: 2 });
		await holdAndRelease(strict, showtime, userId, 2, startMs + 600_000);
		const answer = test.at(startMs, () => expectUnchanged(test, () => hold(strict, showtime, [1], { userId })));
		expect(await answer).toEqual({ outcome: "hourly_limit", retryInMs: HOUR_MS + 600_000 });
	});
});

describe("the count of an hour", () => {
	it("has every hold that was placed: expired, released, confirmed and cancelled ones", async () => {
		const { showtime, userId, startMs } = await scene();
		const strict = test.withLimits({ holdsPerHourMax: 4, holdTtlMs: 1_000 });
		const wish = { userId };
		await test.at(startMs, async () => {
			await held(strict, showtime, [0], wish);
			await strict.cancelBooking(await held(strict, showtime, [1], wish));
			await strict.confirmBooking(await held(strict, showtime, [2], wish));
		});
		await test.at(startMs + 1_000, async () => {
			const cancelled = await held(strict, showtime, [3], wish);
			await strict.confirmBooking(cancelled);
			await strict.cancelBooking(cancelled);
		});
		const answer = test.at(startMs + 2_000, () => expectUnchanged(test, () => hold(strict, showtime, [4], wish)));
		expect(await answer).toEqual({ outcome: "hourly_limit", retryInMs: HOUR_MS - 2_000 });
	});

	it("has neither refusals nor replays: at the limit the same hold is answered again, by its id and by its key", async () => {
		const { showtime, userId } = await scene();
		const strict = test.withLimits({ holdsPerHourMax: 2 });
		await held(strict, showtime, [5]);
		for (let n = 0; n < 5; n += 1) expect((await hold(strict, showtime, [5], { userId })).outcome).toBe("seats_taken");
		const bookingId = newBookingId(showtime.id);
		const byId = () => hold(strict, showtime, [0], { userId, bookingId });
		const byKey = () => hold(strict, showtime, [1], { userId, idempotencyKey: "key" });
		await byId();
		for (let n = 0; n < 5; n += 1) expect((await byId()).outcome).toBe("held");
		await byKey();
		expect((await hold(strict, showtime, [2], { userId })).outcome).toBe("hourly_limit");
		expect((await expectUnchanged(test, byId)).outcome).toBe("held");
		expect((await expectUnchanged(test, byKey)).outcome).toBe("replayed");
	});

	it("is of one user and one bucket, whatever the showtime", async () => {
		const { showtime, userId } = await scene();
		const strict = test.withLimits({ holdsPerHourMax: 1 });
		const [neighbour, elsewhere] = [0, 1].map((away) => newShowtimeId((bucketOf(showtime.id) + away) % 16));
		await held(strict, showtime, [0], { userId });
		const of = async (id: typeof neighbour, who: UserId) =>
			(await hold(strict, await test.openShowtime(id === undefined ? {} : { id }), [0], { userId: who })).outcome;
		expect(await of(neighbour, userId)).toBe("hourly_limit");
		expect(await of(elsewhere, userId)).toBe("held");
		expect((await hold(strict, showtime, [1], { userId: newUserId() })).outcome).toBe("held");
	});
});
