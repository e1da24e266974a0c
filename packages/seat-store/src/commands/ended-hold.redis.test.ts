/** How long Redis keeps what a hold has written: its record, its idempotency key, the user's index and the showtime's keys. */
import { bucketOf, DAY_MS, ENDED_HOLD_TTL_MS, newUserId, type OpenShowtime, type UserId } from "@holdfast/domain";
import { waitUntil } from "@holdfast/testing";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { bookingKey, bucketKeys, idempotencyKey, showtimeKeys, userIndexKey } from "../keys.ts";
import { held, hold } from "../testing/buy-seats.ts";
import { expectNoViolations } from "../testing/expect-no-violations.ts";
import { openTestStore, type TestStore, expectUnchanged } from "../testing/open-test-store.ts";

let test: TestStore;
beforeAll(async () => {
	test = await openTestStore();
});
afterAll(() => test.stop());
afterEach(() => expectNoViolations(test));

const MINUTE_MS = 60_000;
/** Redis's word for a key without a lifetime. */
const NO_END = -1;

/** A hold placed under the key `key`, and until when Redis keeps its record and that key. */
async function placed(seats: number[] = [1]) {
	const showtime = await test.openShowtime();
	const command = await held(test.store, showtime, seats, { idempotencyKey: "key" });
	const ends = () =>
		Promise.all([
			test.redis.pexpiretime(bookingKey(command.bookingId)),
			test.redis.pexpiretime(idempotencyKey(command.userId, showtime.id, "key")),
		]);
	const end = command.booking.expiresAt + ENDED_HOLD_TTL_MS;
	return { showtime, command, ends, end };
}

describe("the record and the idempotency key of a hold", () => {
	it("expire together, an hour after the hold's end", async () => {
		const { ends, end } = await placed();
		expect(ENDED_HOLD_TTL_MS).toBe(3_600_000);
		expect(await ends()).toEqual([end, end]);
	});

	it("keep that end when the hold is released, at once or just before it expires, and when anything is repeated", async () => {
		for (const laterMs of [0, 419_999]) {
			const { showtime, command, ends, end } = await placed();
			const again = () => hold(test.store, showtime, [1], { userId: command.userId, idempotencyKey: "key" });
			const atMs = command.booking.createdAt + laterMs;
			expect(await test.at(atMs, () => test.store.cancelBooking(command))).toMatchObject({ booking: { state: "CANCELLED" } });
			expect(await ends()).toEqual([end, end]);
			await test.at(atMs + 1, () => test.store.cancelBooking(command));
			expect((await test.at(atMs + 2, again)).outcome).toBe("replayed");
			expect(await ends()).toEqual([end, end]);
		}
	});

	it("move along when the hold is extended, once, and keep their end when it is then released", async () => {
		const { command, ends } = await placed();
		const extended = await test.at(command.booking.createdAt + MINUTE_MS, () => test.store.extendHold(command));
		if (extended.outcome !== "extended") throw new Error(extended.outcome);
		expect(extended.booking.expiresAt).toBe(command.booking.createdAt + 11 * MINUTE_MS);
		const end = extended.booking.expiresAt + ENDED_HOLD_TTL_MS;
		expect(await ends()).toEqual([end, end]);
		await test.at(command.booking.createdAt + 2 * MINUTE_MS, () => test.store.extendHold(command));
		await test.at(command.booking.createdAt + 3 * MINUTE_MS, () => test.store.cancelBooking(command));
		expect(await ends()).toEqual([end, end]);
	});

	it("keep their end when the hold expires and is reaped", async () => {
		const { showtime, command, ends, end } = await placed();
		await test.at(command.booking.expiresAt, () => test.store.reapHolds(showtime.id));
		expect(await ends()).toEqual([end, end]);
	});

	it("part when the hold is confirmed: the record stays until it is recorded, the key ends when it would have", async () => {
		const { showtime, command, ends, end } = await placed();
		await test.store.confirmBooking(command);
		expect(await ends()).toEqual([NO_END, end]);
		const again = hold(test.store, showtime, [1], { userId: command.userId, idempotencyKey: "key" });
		expect(await again).toEqual({ outcome: "replayed", bookingId: command.bookingId });
		await test.store.cancelBooking(command);
		expect(await ends()).toEqual([NO_END, end]);
		const entries = await test.store.readBatch(bucketOf(showtime.id), { afterEntryId: null, limit: 10 });
		const booking = { id: command.bookingId, version: 3 };
		await test.store.ackBatch(
			bucketOf(showtime.id),
			entries.map(({ entryId }) => ({ entryId, booking })),
		);
		const [record = 0, key] = await ends();
		expect(record).toBeGreaterThan(Date.now() + DAY_MS - 10_000);
		expect(key).toBe(end);
	});

	it("are gone after that hour: nothing can be read, confirmed, extended or released, and the key places a new hold", async () => {
		const showtime = await test.openShowtime({ salesOpenAt: Date.now() - DAY_MS });
		const brief = test.withLimits({ holdTtlMs: 1_000 });
		const userId = newUserId();
		const wish = { userId, idempotencyKey: "key" };
		const placedMs = Date.now() - 1_000 - ENDED_HOLD_TTL_MS + 500;
		const command = await test.at(placedMs, () => held(brief, showtime, [1], wish));
		expect(await hold(brief, showtime, [1], wish)).toEqual({ outcome: "replayed", bookingId: command.bookingId });
		expect(await brief.confirmBooking(command)).toEqual({ outcome: "hold_expired" });

		const isGone = async () => (await test.store.readBooking(command.bookingId)) === null;
		await waitUntil("the record to expire", isGone);
		const changes = [() => brief.confirmBooking(command), () => brief.extendHold(command), () => brief.cancelBooking(command)];
		for (const change of changes) expect(await expectUnchanged<unknown>(test, change)).toEqual({ outcome: "not_loaded" });
		const next = await held(brief, showtime, [1], wish);
		expect(next.bookingId).not.toBe(command.bookingId);
	});
});

describe("keys that vanish when they are empty", () => {
	/** Until when each key of the showtime, its bucket and the user lives; -2: there is none. */
	async function endsOf({ id }: OpenShowtime, userId: UserId): Promise<Record<string, number>> {
		const { meta, owner, map, expiry, buyers } = showtimeKeys(id);
		const { expiries } = bucketKeys(bucketOf(id));
		const keys = { meta, owner, map, expiry, buyers, expiries, index: userIndexKey(bucketOf(id), userId) };
		return Object.fromEntries(
			await Promise.all(Object.entries(keys).map(async ([name, key]) => [name, await test.redis.pexpiretime(key)])),
		);
	}

	it("have the same end again after hold, release and hold; the user's index lives 30 days from the last hold", async () => {
		const showtime = await test.openShowtime();
		const userId = newUserId();
		const first = await held(test.store, showtime, [1], { userId });
		const before = await endsOf(showtime, userId);
		const { endsAt } = showtime;
		const [end, index] = [endsAt + 2 * DAY_MS, first.booking.createdAt + 30 * DAY_MS];
		expect(before).toEqual({ meta: endsAt + DAY_MS, owner: end, map: end, expiry: end, buyers: end, expiries: NO_END, index });

		await test.store.cancelBooking(first);
		expect(await endsOf(showtime, userId)).toEqual({ ...before, owner: -2, expiry: -2, buyers: -2 });
		const again = await held(test.store, showtime, [1], { userId });
		expect(await endsOf(showtime, userId)).toEqual({ ...before, index: again.booking.createdAt + 30 * DAY_MS });

		await test.at(again.booking.expiresAt, () => test.store.reapHolds(showtime.id));
		expect(await endsOf(showtime, userId)).toEqual({
			...before,
			index: expect.any(Number),
			owner: -2,
			expiry: -2,
			buyers: -2,
			expiries: -2,
		});
		const third = await test.at(again.booking.expiresAt, () => held(test.store, showtime, [1], { userId }));
		expect(await endsOf(showtime, userId)).toEqual({ ...before, index: third.booking.createdAt + 30 * DAY_MS });
	});
});

describe("the buyers key, which vanished with the last live hold,", () => {
	it.each(["confirm", "extend"] as const)("has its end again when a clock that fell back lets %s write to it", async (what) => {
		const showtime = await test.openShowtime();
		const userId = newUserId();
		const first = await held(test.store, showtime, [1], { userId });
		const second = await test.at(first.booking.createdAt + 1_000, () => held(test.store, showtime, [2], { userId }));
		// By that clock the first hold has expired: releasing the second one empties the key.
		await test.at(first.booking.expiresAt, () => test.store.cancelBooking(second));
		const { buyers } = showtimeKeys(showtime.id);
		expect(await test.redis.exists(buyers)).toBe(0);
		const { outcome } = await (what === "confirm" ? test.store.confirmBooking(first) : test.store.extendHold(first));
		expect(outcome).toBe(what === "confirm" ? "confirmed" : "extended");
		expect(await test.redis.hexists(buyers, userId)).toBe(1);
		expect(await test.redis.pexpiretime(buyers)).toBe(showtime.endsAt + 2 * DAY_MS);
	});
});

it("with nobody settling, a confirmed booking stays in its owner's list for 30 days, also after an hour's holds and releases", async () => {
	const showtime = await test.openShowtime();
	const sold = await held(test.store, showtime, [1]);
	await test.store.confirmBooking(sold);
	for (let n = 0; n < 99; n += 1) {
		await test.store.cancelBooking(await held(test.store, showtime, [2], { userId: sold.userId }));
	}
	expect((await hold(test.store, showtime, [2], { userId: sold.userId })).outcome).toBe("hourly_limit");
	expect(await test.store.listRecentBookingIds(sold.userId)).toContain(sold.bookingId);
	expect(await test.redis.pexpiretime(bookingKey(sold.bookingId))).toBe(NO_END);
	const index = userIndexKey(bucketOf(showtime.id), sold.userId);
	expect(await test.redis.pexpiretime(index)).toBeGreaterThanOrEqual(sold.booking.createdAt + 30 * DAY_MS);
});
