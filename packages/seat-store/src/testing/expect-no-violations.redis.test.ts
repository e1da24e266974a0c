import { newUserId } from "@holdfast/domain";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { bookingKey, idempotencyKey } from "../keys.ts";
import { buy, holdSeats } from "./buy-seats.ts";
import { expectNoViolations } from "./expect-no-violations.ts";
import { openTestStore, type TestStore } from "./open-test-store.ts";

let test: TestStore;
beforeAll(async () => {
	test = await openTestStore();
});
afterAll(() => test.stop());
afterEach(() => test.redis.flushall());

/** Places a hold with an idempotency key, and confirms it if `isConfirmed`. Returns the keys of its record and of its idempotency key. */
async function placeWithKey({ isConfirmed = false } = {}) {
	const [showtime, userId] = [await test.openShowtime(), newUserId()];
	const options = { userId, idempotencyKey: "k" };
	const { bookingId } = await (isConfirmed ? buy : holdSeats)(test.store, showtime, [1, 2], options);
	return { record: bookingKey(bookingId), key: idempotencyKey(userId, showtime.id, "k") };
}

describe("expectNoViolations", () => {
	it("accepts the keys of a hold and of a confirmed booking, and empties the server", async () => {
		await placeWithKey();
		await placeWithKey({ isConfirmed: true });
		await expectNoViolations(test);
		expect(await test.redis.dbsize()).toBe(0);
	});

	it.each([true, false])("reports an idempotency key without expiry, if the booking is confirmed: %s", async (isConfirmed) => {
		const { key } = await placeWithKey({ isConfirmed });
		await test.redis.persist(key);
		await expect(expectNoViolations(test)).rejects.toMatchObject({ actual: [`${key} has no expiry`] });
		expect(await test.redis.dbsize()).toBe(0);
	});

	it("reports an idempotency key that expires later than the record of its hold", async () => {
		const { record, key } = await placeWithKey();
		await test.redis.pexpireat(key, (await test.redis.pexpiretime(record)) + 1);
		await expect(expectNoViolations(test)).rejects.toMatchObject({ actual: [expect.stringContaining(`${key} has the wrong expiry`)] });
	});

	it.each(["", "nonsense|1,2", "|1,2"])("reports an idempotency key whose value '%s' names no booking", async (value) => {
		const { key } = await placeWithKey();
		const violation = `${key} has the value "${value}", which does not name a booking`;
		await test.redis.set(key, value, "KEEPTTL");
		await expect(expectNoViolations(test)).rejects.toMatchObject({ actual: [violation] });
		await test.redis.set(key, value);
		await expect(expectNoViolations(test)).rejects.toMatchObject({ actual: [`${key} has no expiry`, violation] });
	});
});
