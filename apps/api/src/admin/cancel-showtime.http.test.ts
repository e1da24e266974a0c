import { newShowtimeId, type ShowtimeId } from "@holdfast/domain";
import { SeatStoreFault } from "@holdfast/seat-store";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { auditOf, createTestShowtime, sellSeats, settleContinuously } from "../testing/admin.ts";
import { endShowtime } from "../testing/provoke.ts";
import { problemIn, type TestAnswer } from "../testing/read-answers.ts";
import { startTestApi, type TestApi, type TestUser } from "../testing/start-test-api.ts";

let api: TestApi;
let admin: TestUser;
let id: ShowtimeId;
let endSettling: () => Promise<void>;
beforeAll(async () => {
	api = await startTestApi({ rates: { userBurst: 10_000, userRate: 10_000 } });
	admin = await api.newAdmin();
	endSettling = settleContinuously(api);
});
beforeEach(async () => {
	id = await createTestShowtime(api, admin);
});
afterAll(async () => {
	await endSettling();
	await api.close();
});

const cancel = (headers: Record<string, string> = {}, showtimeId: string = id): Promise<TestAnswer> =>
	api.call(`DELETE /admin/showtimes/${showtimeId}?reason=Power%20cut`, { token: admin.token, headers });

describe("200", () => {
	it("cancels every booking with what is owed for it, refuses holds, and frees the auditorium", async () => {
		const bookings = [await sellSeats(api, id, ["A1", "A2"]), await sellSeats(api, id, ["B1"])];
		const answer = await cancel();
		expect([answer.status, answer.body]).toMatchObject([200, { state: "cancelled", recorded: true }]);
		for (const [index, { id: bookingId, user }] of bookings.entries()) {
			const { body } = await api.call(`GET /bookings/${bookingId}`, { token: user.token });
			expect(body).toMatchObject({
				status: "cancelled",
				refund: {
					status: "due",
					amount: { amount: index === 0 ? 2500 : 1250, currency: "EUR" },
					percent: 100,
					reason: "showtime_cancelled",
				},
			});
			const list = await api.call("GET /bookings", { token: user.token });
			expect(Object(list.body).items[0].refund).toMatchObject({ status: "due" });
		}
		expect(problemIn(await api.hold(await api.newUser(), id, ["C1"])).code).toBe("showtime_cancelled");
		const [notices] = await api.sql(`select count(*) from notices where showtime_id = '${id}' and kind = 'booking.cancelled'`);
		expect(notices?.count).toBe("2");
	});

	it("writes one audit row with the reason, and a repeat changes nothing", async () => {
		await cancel();
		expect((await cancel({ "if-match": '"1.1"' })).status).toBe(200);
		expect((await auditOf(api, id)).slice(1)).toMatchObject([
			{ action: "showtime.cancelled", actor: admin.id, reason: "Power cut", after: { state: "cancelled" } },
		]);
	});

	it("owes nothing for a booking that its owner had cancelled before", async () => {
		const { id: bookingId, user } = await sellSeats(api, id, ["A1"]);
		await api.call(`DELETE /bookings/${bookingId}`, { token: user.token });
		await cancel();
		const { body } = await api.call(`GET /bookings/${bookingId}`, { token: user.token });
		expect(body).toMatchObject({ status: "cancelled", refund: null });
	});

	it("cancels a showtime that was never opened, so that another can take its time", async () => {
		const [row] = await api.sql(`select movie_id, auditorium_id, starts_at from showtimes where id = '${id}'`);
		await cancel();
		const body = { movieId: row?.movie_id, auditoriumId: row?.auditorium_id, startsAt: new Date(String(row?.starts_at)).toISOString() };
		expect((await api.call("POST /admin/showtimes", { token: admin.token, body })).status).toBe(201);
	});
});

describe("412 version_mismatch", () => {
	it("gives the showtime as it is, and cancels nothing", async () => {
		await api.call(`PUT /admin/showtimes/${id}`, { token: admin.token, body: { state: "paused" } });
		const answer = await cancel({ "if-match": '"1.1"' });
		expect([problemIn(answer).code, problemIn(answer).current]).toMatchObject(["version_mismatch", { state: "paused" }]);
	});
});

describe("409 showtime_closed", () => {
	it("refuses to cancel a showtime more than a day after its end", async () => {
		await endShowtime(api, id);
		await api.sql(`update showtimes set starts_at = now() - interval '28 hours', ends_at = now() - interval '25 hours',
			sales_open_at = now() - interval '40 hours', sales_close_at = now() - interval '28 hours' where id = '${id}'`);
		expect(problemIn(await cancel()).code).toBe("showtime_closed");
	});
});

describe("404 not_found", () => {
	it.each(["nonsense", newShowtimeId()])("answers not_found to a cancel of the showtime id %s", async (showtimeId) => {
		expect(problemIn(await cancel({}, showtimeId)).code).toBe("not_found");
	});
});

describe("400 invalid_request", () => {
	it.each([
		["", "/query/reason"],
		["?reason=", "/query/reason"],
		[`?reason=${"x".repeat(501)}`, "/query/reason"],
		["?why=x&reason=y", "/query/why"],
	])("refuses a cancel with the query %s", async (query, pointer) => {
		const problem = problemIn(await api.call(`DELETE /admin/showtimes/${id}${query}`, { token: admin.token }));
		expect([problem.code, problem.errors?.[0]?.pointer]).toEqual(["invalid_request", pointer]);
	});
});

describe("503 outcome_unknown", () => {
	it("answers outcome_unknown when Redis is away after the intent was stored, and the repeat cancels once", async () => {
		const stuck = await api.startAnother({
			wrapStore: (store) => ({ ...store, setTerms: () => Promise.reject(new SeatStoreFault("unavailable", "away")) }),
		});
		const answer = await stuck.call(`DELETE /admin/showtimes/${id}?reason=Fire`, { token: admin.token });
		expect(problemIn(answer).code).toBe("outcome_unknown");
		expect((await cancel()).body).toMatchObject({ state: "cancelled" });
		expect((await auditOf(api, id)).slice(1)).toMatchObject([{ action: "showtime.cancelled", reason: "Fire" }]);
	});
});
