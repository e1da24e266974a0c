/** Tests until when a hold lasts at the latest: the later of the showtime's start and the end of its sales, as of placing or extending. */
import { bucketOf, ENDED_HOLD_TTL_MS, newUserId, type OpenShowtime } from "@holdfast/domain";
import fc from "fast-check";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { bookingKey, bucketKeys, idempotencyKey, showtimeKeys } from "../keys.ts";
import { holdSeats, tryHold } from "../testing/buy-seats.ts";
import { expectNoViolations } from "../testing/expect-no-violations.ts";
import { expectUnchanged, openTestStore, type TestStore } from "../testing/open-test-store.ts";

let test: TestStore;
beforeAll(async () => {
	test = await openTestStore();
});
afterAll(() => test.stop());
afterEach(() => expectNoViolations(test));

const MINUTE_MS = 60_000;
const HOLD_TTL_MS = 7 * MINUTE_MS;
const EXTENSION_MS = 10 * MINUTE_MS;

/** Start and end of sales, both an hour from now at the earliest. */
const TIMES = {
	"sales that close at the start": { startsAt: 0, salesCloseAt: 0 },
	"sales that close after the start": { startsAt: -20 * MINUTE_MS, salesCloseAt: 0 },
	"sales that close before the start": { startsAt: 0, salesCloseAt: -3 * MINUTE_MS },
};

/** Opens a showtime whose later one of start and end of sales is `bound`. */
async function openUntil(offsets: { startsAt: number; salesCloseAt: number }): Promise<{ showtime: OpenShowtime; bound: number }> {
	const bound = Date.now() + 60 * MINUTE_MS;
	const { startsAt, salesCloseAt } = { startsAt: bound + offsets.startsAt, salesCloseAt: bound + offsets.salesCloseAt };
	return { showtime: await test.openShowtime({ startsAt, salesCloseAt, endsAt: bound + 120 * MINUTE_MS }), bound };
}

describe.each(Object.entries(TIMES))("a hold with %s", (_name, offsets) => {
	it.each([-1, 0, 1])(
		"placed %d ms after the last moment for its full time ends when its time is over, but not after the bound",
		async (ms) => {
			const { showtime, bound } = await openUntil(offsets);
			const instant = bound - HOLD_TTL_MS + ms;
			const { booking } = await test.at(instant, () => holdSeats(test.store, showtime, [1]));
			expect([booking.createdAt, booking.expiresAt]).toEqual([instant, Math.min(instant + HOLD_TTL_MS, bound)]);
		},
	);

	it("placed in the last millisecond of sales ends at the bound, and none is placed a millisecond later", async () => {
		const { showtime, bound } = await openUntil(offsets);
		const last = showtime.salesCloseAt - 1;
		const { booking } = await test.at(last, () => holdSeats(test.store, showtime, [1]));
		expect(booking.expiresAt).toBe(bound);
		const refused = await test.at(last + 1, () => expectUnchanged(test, () => tryHold(test.store, showtime, [2])));
		expect(refused).toMatchObject({ outcome: "not_on_sale" });
	});

	it.each([-1, 0, 1])("extended %d ms after the last moment for the full extension ends at the bound at the latest", async (ms) => {
		const { showtime, bound } = await openUntil(offsets);
		const command = await test.at(bound - EXTENSION_MS - 6 * MINUTE_MS, () => holdSeats(test.store, showtime, [1]));
		const instant = bound - EXTENSION_MS + ms;
		const extended = await test.at(instant, () => test.store.extendHold(command));
		expect(extended).toMatchObject({ outcome: "extended", booking: { expiresAt: Math.min(instant + EXTENSION_MS, bound) } });
	});
});

describe("a hold that the bound cuts short", () => {
	it("ends at the bound in owner, expiry index, the bucket's list, buyers entry, record, idempotency key and seat map", async () => {
		const { showtime, bound } = await openUntil(TIMES["sales that close at the start"]);
		const userId = newUserId();
		const placed = () => holdSeats(test.store, showtime, [1, 2], { userId, idempotencyKey: "key" });
		const { bookingId } = await test.at(bound - MINUTE_MS, placed);
		const keys = showtimeKeys(showtime.id);
		expect(await test.redis.hget(keys.owner, "1")).toBe(`${bookingId}|${bound}`);
		expect(await test.redis.zrange(keys.expiry, "0", "-1", "WITHSCORES")).toEqual([`${bookingId}|${userId}|1,2`, String(bound)]);
		expect(await test.redis.zscore(bucketKeys(bucketOf(showtime.id)).expiries, showtime.id)).toBe(String(bound));
		expect(await test.redis.hget(keys.buyers, userId)).toBe(`${bookingId}:${bound}:1,2`);
		expect(await test.store.readBooking(bookingId)).toMatchObject({ expiresAt: bound });
		for (const key of [bookingKey(bookingId), idempotencyKey(userId, showtime.id, "key")])
			expect(await test.redis.pexpiretime(key)).toBe(bound + ENDED_HOLD_TTL_MS);
		await test.at(bound - MINUTE_MS, async () =>
			expect(await test.store.readSeatMap(showtime.id)).toMatchObject({ earliestExpiryAt: bound }),
		);
	});

	it("can be confirmed until a millisecond before the bound, and not at the bound", async () => {
		const { showtime, bound } = await openUntil(TIMES["sales that close before the start"]);
		const [early, late] = await test.at(bound - 4 * MINUTE_MS, async () => [
			await holdSeats(test.store, showtime, [1]),
			await holdSeats(test.store, showtime, [2]),
		]);
		expect((await test.at(bound - 1, () => test.store.confirmBooking(early))).outcome).toBe("confirmed");
		expect((await test.at(bound, () => test.store.confirmBooking(late))).outcome).toBe("hold_expired");
	});
});

describe("a hold of a showtime that is moved to an earlier start", () => {
	it("keeps its end, can be confirmed until then though the showtime has started, and an extension does not end it sooner", async () => {
		const { showtime, bound } = await openUntil(TIMES["sales that close at the start"]);
		const placedAt = bound - 30 * MINUTE_MS;
		const [kept, extended] = await test.at(placedAt, async () => [
			await holdSeats(test.store, showtime, [1]),
			await holdSeats(test.store, showtime, [2]),
		]);
		const { id: showtimeId, startsAt, endsAt } = showtime;
		const earlier = { startsAt: placedAt + MINUTE_MS, endsAt: endsAt - MINUTE_MS };
		await test.store.reschedule({ showtimeId, scheduleVersion: 2, ...earlier, movedFrom: { startsAt, endsAt }, command: null });
		expect(await test.store.readBooking(kept.bookingId)).toMatchObject({ expiresAt: placedAt + HOLD_TTL_MS });
		const answer = await test.at(placedAt + 2 * MINUTE_MS, () => test.store.extendHold(extended));
		expect(answer).toMatchObject({ outcome: "extended", booking: { state: "PAYING", expiresAt: placedAt + HOLD_TTL_MS } });
		expect((await test.at(placedAt + HOLD_TTL_MS - 1, () => test.store.confirmBooking(kept))).outcome).toBe("confirmed");
	});

	it("moved to a later start lasts longer only when it is extended", async () => {
		const { showtime, bound } = await openUntil(TIMES["sales that close at the start"]);
		const command = await test.at(bound - MINUTE_MS, () => holdSeats(test.store, showtime, [1]));
		const { id: showtimeId, startsAt, endsAt } = showtime;
		const later = { startsAt: startsAt + 5 * MINUTE_MS, endsAt: endsAt + 5 * MINUTE_MS };
		await test.store.reschedule({ showtimeId, scheduleVersion: 2, ...later, movedFrom: { startsAt, endsAt }, command: null });
		expect(await test.store.readBooking(command.bookingId)).toMatchObject({ expiresAt: bound });
		const answer = await test.at(bound - 1, () => test.store.extendHold(command));
		expect(answer).toMatchObject({ booking: { expiresAt: later.startsAt } });
	});
});

it("every hold ends at min(now + its time, max(start, end of sales)), and an extension ends no hold sooner", async () => {
	const offset = fc.integer({ min: -15 * MINUTE_MS, max: 15 * MINUTE_MS });
	const property = fc.asyncProperty(offset, offset, fc.nat(HOLD_TTL_MS - 1), async (startOffset, closeOffset, waitMs) => {
		const base = Date.now() + 60 * MINUTE_MS;
		const [startsAt, salesCloseAt] = [base + startOffset, base + closeOffset];
		const showtime = await test.openShowtime({ startsAt, salesCloseAt, endsAt: base + 200 * MINUTE_MS });
		const bound = Math.max(startsAt, salesCloseAt);
		const placedAt = Math.min(base, salesCloseAt - 1);
		const command = await test.at(placedAt, () => holdSeats(test.store, showtime, [1]));
		const { expiresAt } = command.booking;
		expect(expiresAt).toBe(Math.min(placedAt + HOLD_TTL_MS, bound));
		const instant = placedAt + waitMs;
		const answer = await test.at(instant, () => test.store.extendHold(command));
		if (instant >= expiresAt) expect(answer).toEqual({ outcome: "hold_expired" });
		else expect(answer).toMatchObject({ booking: { expiresAt: Math.max(expiresAt, Math.min(instant + EXTENSION_MS, bound)) } });
	});
	await fc.assert(property, { numRuns: 150 });
}, 60_000);
