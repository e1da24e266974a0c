/** A price or an amount that is beyond its bound does not get into Redis, and is not sold at if it is there. */
import { BOOKING_AMOUNT_MAX, DEFAULT_LIMITS, newBookingId, newUserId, PRICE_MAX, type TierPrices } from "@holdfast/domain";
import { buildShowtime } from "@holdfast/testing";
import { afterAll, afterEach, beforeAll, expect, it } from "vitest";
import { showtimeKeys } from "../keys.ts";
import { expectNoViolations } from "../testing/expect-no-violations.ts";
import { installSnapshot } from "../testing/install-snapshot.ts";
import { openTestStore, type TestStore, expectUnchanged } from "../testing/open-test-store.ts";

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

it("a showtime is repriced and installed at the highest price", async () => {
	const showtime = await test.openShowtime({ prices: { standard: PRICE_MAX } });
	expect((await test.store.readShowtime(showtime.id))?.prices).toEqual({ standard: PRICE_MAX });
	const change = { what: "prices", prices: { standard: PRICE_MAX, premium: 0 }, currency: "USD" } as const;
	expect(await test.store.setTerms({ showtimeId: showtime.id, change })).toMatchObject({ outcome: "set" });
	expect((await test.store.readShowtime(showtime.id))?.prices).toEqual({ standard: PRICE_MAX, premium: 0 });
});

it.each(BAD_PRICES)("set-terms refuses the prices %j and changes nothing", async (prices) => {
	const showtime = await test.openShowtime();
	const change = { what: "prices", prices, currency: "USD" } as const;
	await expectUnchanged(test, () => expect(test.store.setTerms({ showtimeId: showtime.id, change })).rejects.toThrow("minor units"));
});

it.each(BAD_PRICES)("an install refuses the prices %j and leaves the showtime closed", async (prices) => {
	const showtime = buildShowtime({ prices });
	await expect(installSnapshot(test.store, { showtime })).rejects.toThrow("has a price that is none");
	expect(await test.store.readShowtime(showtime.id)).toBeNull();
});

it("an install refuses an instant that is none and leaves the showtime closed", async () => {
	const showtime = buildShowtime({ salesOpenAt: Number.NEGATIVE_INFINITY });
	await expect(installSnapshot(test.store, { showtime })).rejects.toThrow("an integer");
	expect(await test.store.readShowtime(showtime.id)).toBeNull();
});

it.each(['{"standard":1000000000000}', '{"standard":"1250"}', "[]", "{", ""])(
	"a showtime whose prices in Redis are %s is not read as one: its reader gets a fault, and no outage",
	async (prices) => {
		const showtime = await test.openShowtime();
		await test.redis.hset(showtimeKeys(showtime.id).meta, "prices", prices);
		const error: unknown = await test.store.readShowtime(showtime.id).catch((thrown: unknown) => thrown);
		expect(error).toBeInstanceOf(Error);
		expect(error).not.toMatchObject({ name: "SeatStoreFault" });
	},
);

it("a hold is placed at the highest prices, and refused one minor unit beyond them", async () => {
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
		await expectUnchanged(test, () => expect(test.store.placeHold(command(amounts))).rejects.toThrow("not what 10 seats may cost"));
	const dearest = command(highest);
	expect(await test.store.placeHold(dearest)).toMatchObject({ outcome: "held", booking: { amount: BOOKING_AMOUNT_MAX, amounts: highest } });
	const { bookingId, userId } = dearest;
	const confirmed = await test.store.confirmBooking({ bookingId, userId, showtimeId: showtime.id, ifVersion: null });
	expect(confirmed).toMatchObject({ outcome: "confirmed", booking: { amount: BOOKING_AMOUNT_MAX, amounts: highest } });
});
