/** How long Redis keeps the keys that a hold writes: its record, its idempotency key, the user's index and the showtime's keys. */
import { bucketOf, DAY_MS, ENDED_HOLD_TTL_MS, newUserId, type OpenShowtime, type UserId } from "@holdfast/domain";
import { waitUntil } from "@holdfast/testing";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { bookingKey, bucketKeys, idempotencyKey, showtimeKeys, userIndexKey } from "../keys.ts";
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
/** The reply of PEXPIRETIME for a key without expiry. */
const NO_EXPIRY = -1;
/** The reply of PEXPIRETIME for a key that does not exist. */
const NO_KEY = -2;

/** Places a hold with the idempotency key `key`. `readExpiries` reads the expiry of its record and of that key; both should be `end`. */
async function placeHold(seats: number[] = [1]) {
	const showtime = await test.openShowtime();
	const command = await holdSeats(test.store, showtime, seats, { idempotencyKey: "key" });
	const readExpiries = () =>
		Promise.all([
			test.redis.pexpiretime(bookingKey(command.bookingId)),
			test.redis.pexpiretime(idempotencyKey(command.userId, showtime.id, "key")),
		]);
	const end = command.booking.expiresAt + ENDED_HOLD_TTL_MS;
	return { showtime, command, readExpiries, end };
}

describe("the record and the idempotency key of a hold", () => {
	it("expire together, an hour after the hold expires", async () => {
		const { readExpiries, end } = await placeHold();
		expect(ENDED_HOLD_TTL_MS).toBe(3_600_000);
		expect(await readExpiries()).toEqual([end, end]);
	});

	it("keep their expiry when the hold is released at once or just before it expires, and when a command is repeated", async () => {
		for (const laterMs of [0, 419_999]) {
			const { showtime, command, readExpiries, end } = await placeHold();
			const again = () => tryHold(test.store, showtime, [1], { userId: command.userId, idempotencyKey: "key" });
			const atMs = command.booking.createdAt + laterMs;
			expect(await test.at(atMs, () => test.store.cancelBooking(command))).toMatchObject({ booking: { state: "CANCELLED" } });
			expect(await readExpiries()).toEqual([end, end]);
			await test.at(atMs + 1, () => test.store.cancelBooking(command));
			expect((await test.at(atMs + 2, again)).outcome).toBe("replayed");
			expect(await readExpiries()).toEqual([end, end]);
		}
	});

	it("expire later when the hold is extended, once, and keep that expiry when the hold is then released", async () => {
		const { command, readExpiries } = await placeHold();
		const extended = await test.at(command.booking.createdAt + MINUTE_MS, () => test.store.extendHold(command));
		if (extended.outcome !== "extended") throw new Error(extended.outcome);
		expect(extended.booking.expiresAt).toBe(command.booking.createdAt + 11 * MINUTE_MS);
		const end = extended.booking.expiresAt + ENDED_HOLD_TTL_MS;
		expect(await readExpiries()).toEqual([end, end]);
		await test.at(command.booking.createdAt + 2 * MINUTE_MS, () => test.store.extendHold(command));
		await test.at(command.booking.createdAt + 3 * MINUTE_MS, () => test.store.cancelBooking(command));
		expect(await readExpiries()).toEqual([end, end]);
	});

	it("keep their expiry when the hold expires and is reaped", async () => {
		const { showtime, command, readExpiries, end } = await placeHold();
		await test.at(command.booking.expiresAt, () => test.store.reapHolds(showtime.id));
		expect(await readExpiries()).toEqual([end, end]);
	});

	it("expire apart once the hold is confirmed: the record stays until it is recorded, the key keeps its expiry", async () => {
		const { showtime, command, readExpiries, end } = await placeHold();
		await test.store.confirmBooking(command);
		expect(await readExpiries()).toEqual([NO_EXPIRY, end]);
		const again = tryHold(test.store, showtime, [1], { userId: command.userId, idempotencyKey: "key" });
		expect(await again).toEqual({ outcome: "replayed", bookingId: command.bookingId });
		await test.store.cancelBooking(command);
		expect(await readExpiries()).toEqual([NO_EXPIRY, end]);
		const entries = await test.store.readBatch(bucketOf(showtime.id), { afterEntryId: null, limit: 10 });
		const booking = { id: command.bookingId, version: 3 };
		await test.store.ackBatch(
			bucketOf(showtime.id),
			entries.map(({ entryId }) => ({ entryId, booking })),
		);
		const [record = 0, key] = await readExpiries();
		expect(record).toBeGreaterThan(Date.now() + DAY_MS - 10_000);
		expect(key).toBe(end);
	});

	it("no longer exist an hour after the hold expired: every change answers not_loaded, and the key places a new hold", async () => {
		const showtime = await test.openShowtime({ salesOpenAt: Date.now() - DAY_MS });
		const brief = test.withLimits({ holdTtlMs: 1_000 });
		const userId = newUserId();
		const options = { userId, idempotencyKey: "key" };
		const placedMs = Date.now() - 1_000 - ENDED_HOLD_TTL_MS + 500;
		const command = await test.at(placedMs, () => holdSeats(brief, showtime, [1], options));
		expect(await tryHold(brief, showtime, [1], options)).toEqual({ outcome: "replayed", bookingId: command.bookingId });
		expect(await brief.confirmBooking(command)).toEqual({ outcome: "hold_expired" });

		const hasExpired = async () => (await test.store.readBooking(command.bookingId)) === null;
		await waitUntil("the record to expire", hasExpired);
		const changes = [() => brief.confirmBooking(command), () => brief.extendHold(command), () => brief.cancelBooking(command)];
		for (const change of changes) expect(await expectUnchanged<unknown>(test, change)).toEqual({ outcome: "not_loaded" });
		const next = await holdSeats(brief, showtime, [1], options);
		expect(next.bookingId).not.toBe(command.bookingId);
	});
});

describe("keys that Redis deletes when they are empty", () => {
	/** Reads the expiry of each key of the showtime, its bucket and the user. */
	async function readExpiries({ id }: OpenShowtime, userId: UserId): Promise<Record<string, number>> {
		const { meta, owner, map, expiry, buyers } = showtimeKeys(id);
		const { expiries } = bucketKeys(bucketOf(id));
		const keys = { meta, owner, map, expiry, buyers, expiries, index: userIndexKey(bucketOf(id), userId) };
		return Object.fromEntries(
			await Promise.all(Object.entries(keys).map(async ([name, key]) => [name, await test.redis.pexpiretime(key)])),
		);
	}

	it("get the same expiry again after hold, release and hold, and the user's index expires 30 days after the last hold", async () => {
		const showtime = await test.openShowtime();
		const userId = newUserId();
		const first = await holdSeats(test.store, showtime, [1], { userId });
		const before = await readExpiries(showtime, userId);
		const { endsAt } = showtime;
		const [end, index] = [endsAt + 2 * DAY_MS, first.booking.createdAt + 30 * DAY_MS];
		expect(before).toEqual({ meta: endsAt + DAY_MS, owner: end, map: end, expiry: end, buyers: end, expiries: NO_EXPIRY, index });

		await test.store.cancelBooking(first);
		expect(await readExpiries(showtime, userId)).toEqual({ ...before, owner: NO_KEY, expiry: NO_KEY, buyers: NO_KEY });
		const again = await holdSeats(test.store, showtime, [1], { userId });
		expect(await readExpiries(showtime, userId)).toEqual({ ...before, index: again.booking.createdAt + 30 * DAY_MS });

		await test.at(again.booking.expiresAt, () => test.store.reapHolds(showtime.id));
		expect(await readExpiries(showtime, userId)).toEqual({
			...before,
			index: expect.any(Number),
			owner: NO_KEY,
			expiry: NO_KEY,
			buyers: NO_KEY,
			expiries: NO_KEY,
		});
		const third = await test.at(again.booking.expiresAt, () => holdSeats(test.store, showtime, [1], { userId }));
		expect(await readExpiries(showtime, userId)).toEqual({ ...before, index: third.booking.createdAt + 30 * DAY_MS });
	});
});

describe("a buyers key that Redis deleted with its last live hold", () => {
	it.each(["confirm", "extend"] as const)("gets its expiry again when the clock goes backwards and %s writes to it", async (what) => {
		const showtime = await test.openShowtime();
		const userId = newUserId();
		const first = await holdSeats(test.store, showtime, [1], { userId });
		const second = await test.at(first.booking.createdAt + 1_000, () => holdSeats(test.store, showtime, [2], { userId }));
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

it("an unsettled booking stays in its user's index for 30 days, even after as many holds and releases as an hour allows", async () => {
	const showtime = await test.openShowtime();
	const sold = await holdSeats(test.store, showtime, [1]);
	await test.store.confirmBooking(sold);
	for (let n = 0; n < 99; n += 1) {
		await test.store.cancelBooking(await holdSeats(test.store, showtime, [2], { userId: sold.userId }));
	}
	expect((await tryHold(test.store, showtime, [2], { userId: sold.userId })).outcome).toBe("hourly_limit");
	expect(await test.store.listRecentBookingIds(sold.userId)).toContain(sold.bookingId);
	expect(await test.redis.pexpiretime(bookingKey(sold.bookingId))).toBe(NO_EXPIRY);
	const index = userIndexKey(bucketOf(showtime.id), sold.userId);
	expect(await test.redis.pexpiretime(index)).toBeGreaterThanOrEqual(sold.booking.createdAt + 30 * DAY_MS);
});
