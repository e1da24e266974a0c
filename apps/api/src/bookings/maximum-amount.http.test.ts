/** A booking with the maximum total keeps its exact amount everywhere. A price above the maximum is refused before anything is held. */
import { BOOKING_AMOUNT_MAX, PRICE_MAX } from "@holdfast/domain";
import { showtimeKeys } from "@holdfast/seat-store/testing";
import { askRedis } from "@holdfast/testing";
import { afterAll, beforeAll, expect, it } from "vitest";
import { recordKey } from "../testing/provoke.ts";
import { bookingIn, bookingsIn, problemIn } from "../testing/read-answers.ts";
import { settleOutboxes } from "../testing/settle-outboxes.ts";
import { startTestApi, type TestApi } from "../testing/start-test-api.ts";

let api: TestApi;
beforeAll(async () => {
	api = await startTestApi();
});
afterAll(() => api.close());

const TEN_SEATS = Array.from({ length: 10 }, (_, seat) => `A${seat + 1}`);

it("ten seats at the highest price are held, confirmed, recorded, listed and cancelled with the exact total", async () => {
	const [user, showtimeId] = [await api.newUser(), await api.newShowtime()];
	await api.sql(`update showtimes set prices = '{"standard": ${PRICE_MAX}}' where id = '${showtimeId}'`);
	const total = { amount: BOOKING_AMOUNT_MAX, currency: "USD" };
	const held = await api.held(user, showtimeId, TEN_SEATS);
	expect(held.total).toEqual(total);
	const confirmed = bookingIn(await api.call(`POST /bookings/${held.id}/confirm`, { token: user.token }));
	expect([confirmed.status, confirmed.total]).toEqual(["confirmed", total]);
	await settleOutboxes(api.seatStore, api.databaseUrl);
	expect(await api.sql(`select amount from bookings where id = '${held.id}'`)).toEqual([{ amount: String(BOOKING_AMOUNT_MAX) }]);
	await askRedis(api.redis.port, "DEL", recordKey(held.id));
	const [listed] = bookingsIn(await api.call("GET /bookings", { token: user.token })).items;
	expect([listed?.recorded, listed?.total]).toEqual([true, total]);
	expect(bookingIn(await api.call(`DELETE /bookings/${held.id}`, { token: user.token })).total).toEqual(total);
});

it("a showtime whose price in Redis is above the maximum answers internal, holds nothing, and affects no other showtime", async () => {
	const [user, showtimeId, other] = [await api.newUser(), await api.newShowtime(), await api.newShowtime()];
	await api.held(await api.newUser(), showtimeId, ["J1"]);
	const { meta } = showtimeKeys(showtimeId);
	expect(await askRedis(api.redis.port, "HSET", meta, "prices", `'{"standard":${2 ** 53}}'`)).toBe(":0");
	const fresh = await api.startAnother();
	expect(problemIn(await fresh.hold(user, showtimeId, ["A1"]))).toMatchObject({ code: "internal", status: 500 });
	expect((await api.seatStore.inspectSeats(showtimeId)).owners).toHaveLength(1);
	expect((await fresh.hold(user, other, ["A1"])).status).toBe(201);
});
