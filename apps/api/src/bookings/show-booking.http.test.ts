import { newBookingId, parseBookingId } from "@holdfast/domain";
import { bookingKey, showtimeKeys } from "@holdfast/seat-store/testing";
import { askRedis } from "@holdfast/testing";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { expectNoQuery } from "../testing/provoke.ts";
import { bookingDetailsIn, bookingIn, problemIn } from "../testing/read-answers.ts";
import { settleOutboxes } from "../testing/settle-outboxes.ts";
import { startTestApi, type TestApi } from "../testing/start-test-api.ts";

let api: TestApi;
beforeAll(async () => {
	api = await startTestApi();
});
afterAll(() => api.close());

describe("200", () => {
	it("shows the booking with its showtime, and its version as ETag", async () => {
		const { user, showtimeId, booking } = await api.newHold(["A1", "B1"]);
		const answer = await api.call(`GET /bookings/${booking.id}`, { token: user.token });
		expect(answer.headers.etag).toBe('"1"');
		const { showtime, expiresInSeconds, rescheduled, ...rest } = bookingDetailsIn(answer);
		expect(rescheduled).toBeNull();
		expect(expiresInSeconds).toBeGreaterThan(415);
		expect({ ...rest, expiresInSeconds: booking.expiresInSeconds }).toEqual(booking);
		expect(showtime).toMatchObject({
			id: showtimeId,
			timeZone: "Europe/Vienna",
			movie: { title: "The Third Man" },
			auditorium: { name: "Hall 1" },
		});
		expect(Date.parse(showtime.endsAt) - Date.parse(showtime.startsAt)).toBe(7_200_000);
	});

	it("shows a booking that only the ledger still has, of a showtime that is no longer installed", async () => {
		const { user, showtimeId, booking } = await api.newHold(["A1", "B1"]);
		await api.call(`POST /bookings/${booking.id}/confirm`, { token: user.token });
		await settleOutboxes(api.seatStore, api.databaseUrl);
		const before = await api.call(`GET /bookings/${booking.id}`, { token: user.token });
		expect(bookingIn(before).recorded).toBe(true);
		const id = parseBookingId(booking.id);
		if (id === null) throw new Error("the answer has no valid booking id");
		await askRedis(api.redis.port, "DEL", bookingKey(id), showtimeKeys(showtimeId).meta);
		const withoutCache = await api.startAnother();
		const after = await withoutCache.call(`GET /bookings/${booking.id}`, { token: user.token });
		expect(after.body).toEqual(before.body);
	});
});

describe("400 invalid_request", () => {
	it("refuses a query parameter on a booking", async () => expectNoQuery(api, "GET /bookings/x", (await api.newUser()).token));
});

describe("404 not_found", () => {
	it("answers not_found for another user's booking, a missing booking and a malformed id", async () => {
		const { booking, showtimeId } = await api.newHold(["A1", "B1"]);
		const stranger = await api.newUser();
		const ids = [booking.id, newBookingId(await api.newShowtime()), showtimeId, "nonsense", "x".repeat(300)];
		const answers = await Promise.all(ids.map((id) => api.call(`GET /bookings/${id}`, { token: stranger.token })));
		expect(answers.map((answer) => problemIn(answer).code)).toEqual(ids.map(() => "not_found"));
	});
});
