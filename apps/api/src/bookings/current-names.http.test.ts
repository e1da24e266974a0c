import { waitUntil } from "@holdfast/testing";
import { afterAll, beforeAll, expect, it } from "vitest";
import { createTestShowtime, sellSeats } from "../testing/admin.ts";
import { withoutPostgres } from "../testing/broken-apps.ts";
import { startTestApi, type TestApi, type TestUser } from "../testing/start-test-api.ts";

let api: TestApi;
let admin: TestUser;
beforeAll(async () => {
	api = await startTestApi();
	admin = await api.newAdmin();
});
afterAll(() => api.close());

it("a renamed movie and auditorium are shown in a booking by every process within a second", async () => {
	const other = await api.startAnother();
	const showtimeId = await createTestShowtime(api, admin);
	const { id, user } = await sellSeats(api, showtimeId, ["A1"]);
	const show = async () => Object((await other.call(`GET /bookings/${id}`, { token: user.token })).body).showtime;
	const { movie, auditorium } = await show();
	await api.call(`PUT /admin/movies/${movie.id}`, { token: admin.token, body: { title: "The Fourth Man" } });
	await api.call(`PUT /admin/auditoriums/${auditorium.id}`, { token: admin.token, body: { name: "Blue Hall" } });
	const renamedMs = performance.now();
	await waitUntil("the other process to show both names", async () => {
		const shown = await show();
		return shown.movie.title === "The Fourth Man" && shown.auditorium.name === "Blue Hall";
	});
	expect(performance.now() - renamedMs).toBeLessThan(1_500);
});

it("a booking is shown without Postgres, with the names that the seat store has", async () => {
	const showtimeId = await createTestShowtime(api, admin);
	const { id, user } = await sellSeats(api, showtimeId, ["A1"]);
	const app = await withoutPostgres(api);
	const answer = await app.call(`GET /bookings/${id}`, { token: user.token });
	expect([answer.status, answer.body]).toMatchObject([
		200,
		{ status: "confirmed", refund: null, rescheduled: null, showtime: { movie: { title: "The Third Man" } } },
	]);
});
