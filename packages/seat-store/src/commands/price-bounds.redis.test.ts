/** A price or amount beyond its limit is never written to Redis, and no seat is sold at it if Redis has one. */
import { BOOKING_AMOUNT_MAX, DEFAULT_LIMITS, newBookingId, newUserId, PRICE_MAX, type TierPrices } from "@holdfast/domain";
import { buildShowtime } from "@holdfast/testing";
import { afterAll, afterEach, beforeAll, expect, it } from "vitest";
import { showtimeKeys } from "../keys.ts";
import { expectNoViolations } from "../testing/expect-no-violations.ts";
import { installSnapshot } from "../testing/install-snapshot.ts";
import { expectUnchanged, openTestStore, type TestStore } from "../testing/open-test-store.ts";

let test: TestStore;
beforeAll(async () => {
	test = await openTestStore();
});
afterAll(() => test.stop());
afterEach(() => expectNoViolations(test));

const BAD_PRICES: TierPrices[] = [
	{ standard: PRICE_MAX + 1 },
	{ standard: 1250, premium: 2 ** 53 },
	{ standard: -1 },
	{ standard: 12.5 },
	{ standard: Number.NaN },
];

it("a showtime can be installed and repriced at the highest price", async () => {
	const showtime = await test.openShowtime({ prices: { standard: PRICE_MAX, premium: 1 } });
	expect((await test.store.readShowtime(showtime.id))?.prices).toEqual({ standard: PRICE_MAX, premium: 1 });
	const prices = { standard: PRICE_MAX - 1, premium: PRICE_MAX };
	const command = { showtimeId: showtime.id, terms: { prices }, ifVersions: null, command: null };
	expect(await test.store.setTerms(command)).toMatchObject({ outcome: "set" });
	expect((await test.store.readShowtime(showtime.id))?.prices).toEqual(prices);
});

it.each(BAD_PRICES)("set-terms throws on the prices %j and changes nothing", async (prices) => {
	const showtime = await test.openShowtime();
	const command = { showtimeId: showtime.id, terms: { prices }, ifVersions: null, command: null };
	await expectUnchanged(test, () => expect(test.store.setTerms(command)).rejects.toThrow("minor units"));
});

it.each(BAD_PRICES)("an install throws on the prices %j and leaves the showtime closed", async (prices) => {
	const showtime = buildShowtime({ prices });
	await expect(installSnapshot(test.store, { showtime })).rejects.toThrow("has invalid prices");
	expect(await test.store.readShowtime(showtime.id)).toBeNull();
});

it("an install throws on a time that is not an integer and leaves the showtime closed", async () => {
	const showtime = buildShowtime({ salesOpenAt: Number.NEGATIVE_INFINITY });
	await expect(installSnapshot(test.store, { showtime })).rejects.toThrow("an integer");
	expect(await test.store.readShowtime(showtime.id)).toBeNull();
});

it.each(['{"standard":1000000000000}', '{"standard":"1250"}', "[]", "{", ""])(
	"reading a showtime whose prices in Redis are %s throws an error other than SeatStoreFault",
	async (prices) => {
		const showtime = await test.openShowtime();
		await test.redis.hset(showtimeKeys(showtime.id).meta, "prices", prices);
		const error: unknown = await test.store.readShowtime(showtime.id).catch((thrown: unknown) => thrown);
		expect(error).toBeInstanceOf(Error);
		expect(error).not.toMatchObject({ name: "SeatStoreFault" });
	},
);

it("a hold can be placed at the highest prices, and throws one minor unit above them", async () => {
	const showtime = await test.openShowtime();
	const seats = Array.from({ length: DEFAULT_LIMITS.seatsPerBookingMax }, (_, seat) => seat);
	const command = (amounts: number[]) => ({
		bookingId: newBookingId(showtime.id),
		userId: newUserId(),
		showtime,
		seats,
		amounts,
		idempotencyKey: null,
	});
	const highest = seats.map(() => PRICE_MAX);
	const refused = [PRICE_MAX + 1, 2 ** 53, -1, 0.5].map((amount) => [...highest.slice(1), amount]);
	for (const amounts of [...refused, highest.slice(1), [...highest, 0]])
		await expectUnchanged(test, () => expect(test.store.placeHold(command(amounts))).rejects.toThrow("for 10 seats"));
	const highestHold = command(highest);
	expect(await test.store.placeHold(highestHold)).toMatchObject({
		outcome: "held",
		booking: { amount: BOOKING_AMOUNT_MAX, amounts: highest },
	});
	const { bookingId, userId } = highestHold;
	const confirmed = await test.store.confirmBooking({ bookingId, userId, showtimeId: showtime.id, ifVersion: null });
	expect(confirmed).toMatchObject({ outcome: "confirmed", booking: { amount: BOOKING_AMOUNT_MAX, amounts: highest } });
});
