import { newBookingId, newShowtimeId } from "@holdfast/domain";
import type { SeatStore } from "@holdfast/seat-store";
import { afterAll, beforeAll, expect, it } from "vitest";
import { problemIn } from "./testing/read-answers.ts";
import { startTestApi, type TestApi } from "./testing/start-test-api.ts";

let api: TestApi;
beforeAll(async () => {
	api = await startTestApi();
});
afterAll(() => api.close());

const refuse = (): never => {
	throw new Error("the seat store was called");
};
/** A seat store on which every command throws. */
const failing = (store: SeatStore): SeatStore => ({
	...store,
	readShowtime: refuse,
	readBooking: refuse,
	readSeatMap: refuse,
	placeHold: refuse,
	confirmBooking: refuse,
	cancelBooking: refuse,
	watchSeats: refuse,
	now: refuse,
});

it("an id of a bucket at or above BUCKETS gets 404 without a call to a store", async () => {
	const { token } = await api.newUser();
	const app = await api.startAnother({ databaseUrl: "postgres://holdfast@127.0.0.1:1/none", wrapStore: failing });
	const showtimeId = newShowtimeId(16);
	const bookingId = newBookingId(showtimeId);
	const requests = [
		[`GET /showtimes/${showtimeId}`, undefined],
		[`GET /showtimes/${showtimeId}/seats`, undefined],
		[`GET /showtimes/${showtimeId}/seats/stream`, undefined],
		["POST /bookings", { showtimeId, seats: ["A1"] }],
		[`GET /bookings/${bookingId}`, undefined],
		[`POST /bookings/${bookingId}/confirm`, undefined],
		[`DELETE /bookings/${bookingId}`, undefined],
	] as const;
	for (const [request, body] of requests) {
		const answer = await app.call(request, { token, ...(body && { body }) });
		expect([answer.status, problemIn(answer).code], request).toEqual([404, "not_found"]);
	}
});
