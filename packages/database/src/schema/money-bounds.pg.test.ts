/** Tests the limits on amounts that the database itself enforces, each at the limit and one past it. */
import { PRICE_MAX } from "@holdfast/domain";
import { queryPostgres } from "@holdfast/local-stack";
import { createTestDatabase, insertShowtimes, insertUsers, type TestDatabase } from "@holdfast/testing";
import { afterAll, beforeAll, expect, it } from "vitest";

let test: TestDatabase;
let showtimeId: string;
let userId: string;
beforeAll(async () => {
	test = await createTestDatabase();
	[showtimeId = ""] = (await insertShowtimes(test.url)).showtimeIds;
	[userId = ""] = await insertUsers(test.url, 1);
});
afterAll(() => test.drop());

const query = (statement: string) => queryPostgres(test.url, statement);
const setPrices = (prices: string) => query(`update showtimes set prices = '${prices}' where id = '${showtimeId}'`);

it.each([`{"standard": 0}`, `{"standard": ${PRICE_MAX}, "premium": 1}`, `{"standard": 1e3}`])(
	"the showtimes table accepts the prices %s",
	async (prices) => {
		await setPrices(prices);
	},
);

it.each([
	`{"standard": ${PRICE_MAX + 1}}`,
	`{"standard": 1250, "premium": 9007199254740993}`,
	`{"standard": -1}`,
	`{"standard": 12.5}`,
	`{"standard": "1250"}`,
	`{"standard": null}`,
	`{"standard": [1250]}`,
	`{"standard": {"amount": 1250}}`,
	"[1250]",
	"1250",
	"null",
])("the showtimes table refuses the prices %s", async (prices) => {
	await expect(setPrices(prices)).rejects.toThrow("showtimes_prices_bounded");
});

it("the ledger accepts amounts from 0 to 2^53 - 1, the largest exact JavaScript integer, and refuses 2^53 and -1", async () => {
	const insert = (amount: string) =>
		query(
			`with booking as (
				insert into bookings (id, user_id, showtime_id, seat_plan_id, state, version, amount, currency, created_at, expires_at, confirmed_at, schedule_version)
				select gen_random_uuid(), '${userId}', id, seat_plan_id, 'CONFLICT', 1, ${amount}, 'USD', now(), now(), now(), 1
				from showtimes where id = '${showtimeId}' returning id)
			select id from booking`,
		);
	const [booking] = await insert("9007199254740991");
	await expect(insert("9007199254740992")).rejects.toThrow("bookings_amount_readable");
	await expect(insert("-1")).rejects.toThrow("bookings_amount_readable");
	const refund = (amount: string) =>
		query(
			`insert into refunds (booking_id, showtime_id, reason, amount, currency)
				values ('${booking?.id}', '${showtimeId}', 'conflict', ${amount}, 'USD')`,
		);
	await expect(refund("9007199254740992")).rejects.toThrow("refunds_amount_readable");
	await expect(refund("-1")).rejects.toThrow("refunds_amount_readable");
	await refund("9007199254740991");
	const seat = (amount: string) =>
		query(
			`insert into booking_seats (booking_id, showtime_id, seat, label, amount, acquired_at, released_at)
				values ('${booking?.id}', '${showtimeId}', 0, 'A1', ${amount}, now(), now())`,
		);
	await expect(seat("9007199254740992")).rejects.toThrow("booking_seats_amount_readable");
	await expect(seat("-1")).rejects.toThrow("booking_seats_amount_readable");
	await seat("9007199254740991");
});
