import { newBookingId, newShowtimeId, type ShowtimeId } from "@holdfast/domain";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { AdminBookingDetailsBody } from "../contract/admin-booking.ts";
import { createTestShowtime, settleContinuously } from "../testing/admin.ts";
import { expectNoQuery } from "../testing/provoke.ts";
import { problemIn, type TestAnswer } from "../testing/read-answers.ts";
import { settleOutboxes } from "../testing/settle-outboxes.ts";
import { startTestApi, type TestApi, type TestUser } from "../testing/start-test-api.ts";

let api: TestApi;
let admin: TestUser;
beforeAll(async () => {
	api = await startTestApi({ rates: { userBurst: 10_000, userRate: 10_000 } });
	admin = await api.newAdmin();
});
afterAll(() => api.close());

const show = (id: string): Promise<TestAnswer> => api.call(`GET /admin/bookings/${id}`, { token: admin.token });
function detailsIn({ status, body }: TestAnswer): AdminBookingDetailsBody {
	if (status !== 200) throw new Error(`expected a booking, got ${JSON.stringify(body)}`);
	return body as AdminBookingDetailsBody;
}
const typesOf = async (id: string) => detailsIn(await show(id)).history.map(({ type, version }) => [type, version]);

async function sell(user: TestUser, showtimeId: ShowtimeId, seats: readonly string[]): Promise<string> {
	const { id } = await api.held(user, showtimeId, seats);
	await api.call(`POST /bookings/${id}/confirm`, { token: user.token });
	return id;
}
const settle = () => settleOutboxes(api.seatStore, api.databaseUrl);

describe("200", () => {
	it("shows a booking with user, showtime, the price of each seat, and the ETag that its buyer gets", async () => {
		const [user, showtimeId] = [await api.newUser(), await createTestShowtime(api, admin)];
		const id = await sell(user, showtimeId, ["B2", "B1"]);
		await settle();
		const [answer, own] = [await show(id), await api.call(`GET /bookings/${id}`, { token: user.token })];
		const { user: buyer, prices, notices, history, ...rest } = detailsIn(answer);
		expect(rest).toEqual(own.body);
		expect(answer.headers.etag).toBe(own.headers.etag);
		expect(buyer).toEqual({ id: user.id, email: `buyer-${user.id}@example.com`, displayName: "Buyer" });
		const price = { amount: 1250, currency: "EUR" };
		expect([prices, notices]).toEqual([["B1", "B2"].map((seat) => ({ seat, price })), []]);
		const none = { actor: null, reason: null, requestId: null, before: null, after: null };
		expect(history).toEqual([
			{ ...none, at: rest.createdAt, type: "booking.placed", version: 1 },
			{ ...none, at: rest.confirmedAt, type: "booking.confirmed", version: 2 },
		]);
	});

	it("has the whole past of a booking whose showtime was moved and cancelled: who, why, both times, notices and refund", async () => {
		const [user, showtimeId] = [await api.newUser(), await createTestShowtime(api, admin)];
		const endSettling = settleContinuously(api);
		const id = await sell(user, showtimeId, ["A1"]);
		const before = detailsIn(await show(id)).showtime.startsAt;
		const startsAt = new Date(Date.parse(before) + 3_600_000).toISOString();
		await api.call(`PUT /admin/showtimes/${showtimeId}`, { token: admin.token, body: { startsAt, reason: "The print is late." } });
		await api.call(`DELETE /admin/showtimes/${showtimeId}?reason=Power%20cut`, { token: admin.token });
		await endSettling();
		await settle();
		await api.sql(`update refunds set state = 'done', done_at = now(), provider_ref = 'cash 7' where booking_id = '${id}'`);
		const { history, notices, rescheduled, refund, showtime } = detailsIn(await show(id));
		expect(history.map(({ type, actor, reason }) => [type, actor, reason])).toEqual([
			["booking.placed", null, null],
			["booking.confirmed", null, null],
			["showtime.rescheduled", admin.id, "The print is late."],
			["showtime.cancelled", admin.id, "Power cut"],
			["booking.cancelled", null, null],
			["refund.due", null, null],
			["refund.refunded", null, null],
		]);
		expect(history[2]).toMatchObject({ before: { startsAt: before }, after: { startsAt }, requestId: expect.any(String) });
		expect(history[5]?.after).toEqual({ amount: 1250, currency: "EUR", percent: 100, reason: "showtime_cancelled" });
		expect(notices.map(({ kind, details }) => [kind, details])).toEqual([
			["showtime.rescheduled", { from: expect.anything(), to: expect.objectContaining({ startsAt: Date.parse(startsAt) }) }],
			["booking.cancelled", { reason: "showtime_cancelled" }],
		]);
		expect(rescheduled?.from.startsAt).toBe(before);
		expect(showtime.startsAt).toBe(startsAt);
		expect(refund).toMatchObject({ status: "refunded", reference: "cash 7" });
	});

	it("shows a change of the last moment before it is settled, and the same history after it", async () => {
		const [user, showtimeId] = [await api.newUser(), await api.newShowtime()];
		const id = await sell(user, showtimeId, ["A1"]);
		expect(await typesOf(id)).toEqual([
			["booking.placed", 1],
			["booking.confirmed", 2],
		]);
		await settle();
		await api.call(`DELETE /bookings/${id}`, { token: user.token });
		const unsettled = detailsIn(await show(id));
		expect([unsettled.status, unsettled.recorded, unsettled.version]).toEqual(["cancelled", false, 3]);
		await settle();
		const settled = detailsIn(await show(id));
		expect(settled.history).toEqual(unsettled.history);
		expect([...settled.history.map(({ type }) => type), settled.recorded]).toEqual([
			"booking.placed",
			"booking.confirmed",
			"booking.cancelled",
			true,
		]);
	});

	it("shows a hold, and one that was released or has expired", async () => {
		const brief = await api.startAnother({ limits: { holdTtlMs: 1_000 } });
		const [user, showtimeId] = [await api.newUser(), await api.newShowtime()];
		const [held, released] = [await api.held(user, showtimeId, ["A1"]), await api.held(user, showtimeId, ["A2"])];
		const expired = await brief.held(user, showtimeId, ["A3"]);
		await api.call(`DELETE /bookings/${released.id}`, { token: user.token });
		expect(detailsIn(await show(held.id))).toMatchObject({ status: "pending", expiresInSeconds: expect.any(Number), recorded: false });
		expect(await typesOf(held.id)).toEqual([["booking.placed", 1]]);
		expect(await typesOf(released.id)).toEqual([
			["booking.placed", 1],
			["booking.released", 2],
		]);
		await expect.poll(async () => detailsIn(await show(expired.id)).status, { timeout: 10_000 }).toBe("expired");
		const { history } = detailsIn(await show(expired.id));
		expect(history.at(-1)).toMatchObject({ type: "booking.expired", at: expired.expiresAt, version: null });
	});

	it("lists an audit row that targets the booking once: with the event that it is about, or by itself", async () => {
		const [user, showtimeId] = [await api.newUser(), await api.newShowtime()];
		const id = await sell(user, showtimeId, ["A1"]);
		await api.call(`DELETE /bookings/${id}`, { token: user.token });
		await settle();
		await api.sqlAsOwner("alter table audit_events drop constraint audit_events_target_known");
		await api.sql(`insert into audit_events (at, actor, action, target_type, target_id, before, after, reason, request_id)
			select at, '${admin.id}', type, 'booking', booking_id, '{"status":"confirmed"}', '{"status":"cancelled"}', 'Asked by phone.', 'request-1'
			from booking_events where booking_id = '${id}' and type = 'booking.cancelled';
			insert into audit_events (at, actor, action, target_type, target_id, reason)
			values (now() + interval '1 minute', '${admin.id}', 'booking.printed', 'booking', '${id}', 'Lost.')`);
		const { history } = detailsIn(await show(id));
		expect(history.map(({ type, version, actor, reason }) => [type, version, actor, reason])).toEqual([
			["booking.placed", 1, null, null],
			["booking.confirmed", 2, null, null],
			["booking.cancelled", 3, admin.id, "Asked by phone."],
			["booking.printed", null, admin.id, "Lost."],
		]);
		expect(history[2]).toMatchObject({ before: { status: "confirmed" }, after: { status: "cancelled" }, requestId: "request-1" });
	});

	it("shows a booking of an archived movie and of a deleted account", async () => {
		const [user, showtimeId] = [await api.newUser(), await createTestShowtime(api, admin)];
		const id = await sell(user, showtimeId, ["A1"]);
		await settle();
		await api.sql(`update movies set archived_at = now() where id = (select movie_id from showtimes where id = '${showtimeId}');
			update users set email = null, password_hash = null, display_name = null, deletion_started_at = now() where id = '${user.id}'`);
		expect(detailsIn(await show(id))).toMatchObject({
			user: { id: user.id, email: null, displayName: null },
			showtime: { movie: { title: "The Third Man" } },
		});
	});
});

describe("400 invalid_request", () => {
	it("refuses a query", () => expectNoQuery(api, `GET /admin/bookings/${newBookingId(newShowtimeId())}`, admin.token));
});

describe("404 not_found", () => {
	it.each(["x", newBookingId(newShowtimeId()), newBookingId(newShowtimeId(200))])(
		"answers not_found for the id %s, which no booking has",
		async (id) => {
			expect(problemIn(await show(id)).code).toBe("not_found");
		},
	);
});
