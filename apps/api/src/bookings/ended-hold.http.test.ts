/** A hold that ended: what a client can still read and repeat in the hour after its end, and the responses afterwards. */
import { DEFAULT_LIMITS, ENDED_HOLD_TTL_MS, newBookingId } from "@holdfast/domain";
import { createSeatStore } from "@holdfast/seat-store";
import { injectClock } from "@holdfast/seat-store/testing";
import { waitUntil } from "@holdfast/testing";
import { afterAll, beforeAll, expect, it } from "vitest";
import { bookingIn, problemIn } from "../testing/read-answers.ts";
import { startTestApi, type TestApi } from "../testing/start-test-api.ts";

let api: TestApi;
beforeAll(async () => {
	api = await startTestApi();
});
afterAll(() => api.close());

const KEY = { "idempotency-key": "my-key" };
const REMAINING_MS = 1_500;

/** Places a hold under KEY in the past, so that Redis drops its record and its idempotency key after REMAINING_MS. */
async function holdOfAnHourAgo() {
	const [user, showtimeId] = [await api.newUser(), await api.newShowtime()];
	await api.sql(`update showtimes set sales_open_at = now() - interval '1 day' where id = '${showtimeId}'`);
	await api.call(`GET /showtimes/${showtimeId}/seats`);
	const showtime = await api.seatStore.readShowtime(showtimeId);
	if (showtime === null) throw new Error("the showtime is not installed");
	const placedMs = Date.now() - DEFAULT_LIMITS.holdTtlMs - ENDED_HOLD_TTL_MS + REMAINING_MS;
	const past = createSeatStore({
		url: api.redis.url,
		limits: DEFAULT_LIMITS,
		prepareConnection: (redis) => injectClock(redis, () => placedMs),
	});
	const bookingId = newBookingId(showtimeId);
	const command = { bookingId, userId: user.id, showtime, seats: [0], amounts: [1250], idempotencyKey: KEY["idempotency-key"] };
	expect((await past.placeHold(command)).outcome).toBe("held");
	await past.close();
	return { user, showtimeId, bookingId };
}

it("an expired hold can be read and its idempotency key replayed for an hour, and then the key places a new hold", async () => {
	const { user, showtimeId, bookingId } = await holdOfAnHourAgo();
	const { token } = user;
	expect(bookingIn(await api.call(`GET /bookings/${bookingId}`, { token })).status).toBe("expired");
	expect(problemIn(await api.call(`POST /bookings/${bookingId}/confirm`, { token })).code).toBe("hold_expired");
	const replayed = await api.hold(user, showtimeId, ["A1"], KEY);
	expect([bookingIn(replayed).id, replayed.headers["idempotency-replayed"]]).toEqual([bookingId, "true"]);

	await waitUntil("the record to expire", async () => (await api.seatStore.readBooking(bookingId)) === null);
	for (const request of [`GET /bookings/${bookingId}`, `POST /bookings/${bookingId}/confirm`, `DELETE /bookings/${bookingId}`]) {
		expect(problemIn(await api.call(request, { token })).code).toBe("not_found");
	}
	const placed = await api.hold(user, showtimeId, ["A1"], KEY);
	expect([placed.status, placed.headers["idempotency-replayed"]]).toEqual([201, undefined]);
	expect(bookingIn(placed).id).not.toBe(bookingId);
});
