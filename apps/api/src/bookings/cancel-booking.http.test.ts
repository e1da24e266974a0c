import { showtimeKeys } from "@holdfast/seat-store/testing";
import { askRedis, waitUntil } from "@holdfast/testing";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { bookingIn, matrixIn, problemIn, seatIn } from "../testing/read-answers.ts";
import { startTestApi, type TestApi, type TestUser } from "../testing/start-test-api.ts";

let api: TestApi;
beforeAll(async () => {
	api = await startTestApi();
});
afterAll(() => api.close());

const cancel = (user: TestUser, id: string, headers: Record<string, string> = {}) =>
	api.call(`DELETE /bookings/${id}`, { token: user.token, headers });
const confirm = (user: TestUser, id: string, headers: Record<string, string> = {}) =>
	api.call(`POST /bookings/${id}/confirm`, { token: user.token, headers });

describe("200 cancelled", () => {
	it("releases a hold and frees its seats at once", async () => {
		const { user, showtimeId, booking } = await api.newHold(["A1", "A2"]);
		const answer = await cancel(user, booking.id);
		expect([answer.status, answer.headers.etag]).toEqual([200, '"2"']);
		expect(bookingIn(answer)).toMatchObject({ status: "cancelled", version: 2, confirmedAt: null });
		expect((await api.hold(await api.newUser(), showtimeId, ["A1", "A2"])).status).toBe(201);
	});

	it("cancels a confirmed booking, whose seats can be sold again at once", async () => {
		const { user, showtimeId, booking } = await api.newHold(["A1", "A2"]);
		await confirm(user, booking.id);
		const answer = await cancel(user, booking.id, { "if-match": '"2"' });
		expect(bookingIn(answer)).toMatchObject({ status: "cancelled", version: 3, confirmedAt: expect.any(String) });
		const next = await api.newUser();
		expect((await confirm(next, (await api.held(next, showtimeId, ["A1", "A2"])).id)).status).toBe(200);
		expect(seatIn(matrixIn(await api.call(`GET /showtimes/${showtimeId}/seats`)), "A1").status).toBe("sold");
	});

	it("answers a repeated cancel like the first one", async () => {
		const { user, booking } = await api.newHold(["A1", "A2"]);
		const first = await cancel(user, booking.id);
		for (const headers of [{}, { "if-match": '"1"' }, { "if-match": '"2"' }]) {
			const again = await cancel(user, booking.id, headers);
			expect([again.status, again.body]).toEqual([200, first.body]);
		}
	});

	it("does not change an expired hold and returns it as expired", async () => {
		const brief = await api.startAnother({ limits: { holdTtlMs: 1_000 } });
		const [user, showtimeId] = [await api.newUser(), await api.newShowtime()];
		const { id } = await brief.held(user, showtimeId, ["A1"]);
		await waitUntil("the hold to expire", async () => (await confirm(user, id, { "if-match": '"9"' })).status === 410);
		for (const headers of [{}, { "if-match": '"5"' }]) {
			expect(bookingIn(await cancel(user, id, headers))).toMatchObject({ status: "expired", version: 1, cancelledAt: null });
		}
	});
});

describe("409 showtime_started", () => {
	it("refuses to cancel a confirmed booking after the start of the showtime, but still releases a hold", async () => {
		const [[buyer, holder], showtimeId] = [await api.newUsers(2), await api.newShowtime()];
		if (buyer === undefined || holder === undefined) throw new Error("fewer than two users were created");
		const bought = await api.held(buyer, showtimeId, ["A1"]);
		await confirm(buyer, bought.id);
		const held = await api.held(holder, showtimeId, ["A2"]);
		await askRedis(api.redis.port, "HSET", showtimeKeys(showtimeId).meta, "startsAt", String(Date.now()));
		expect(problemIn(await cancel(buyer, bought.id)).code).toBe("showtime_started");
		expect((await cancel(holder, held.id)).status).toBe(200);
	});
});

describe("412 version_mismatch", () => {
	it.each(['"2"', 'W/"1"', '"x"'])("refuses a cancel with If-Match %s for version 1 and changes nothing", async (tag) => {
		const { user, booking } = await api.newHold(["A1", "A2"]);
		const answer = await cancel(user, booking.id, { "if-match": tag });
		expect([problemIn(answer).code, answer.headers.etag]).toEqual(["version_mismatch", '"1"']);
		expect((await confirm(user, booking.id)).status).toBe(200);
	});

	it("lets exactly one of a concurrent confirm and cancel with the same version succeed, 100 times", async () => {
		const [users, showtimeId] = [await api.newUsers(100), await api.newShowtime()];
		for (const [index, user] of users.entries()) {
			const { id } = await api.held(user, showtimeId, [`${"ABCDEFGHIJ"[Math.floor(index / 10)]}${(index % 10) + 1}`]);
			const headers = { "if-match": '"1"' };
			const answers = await Promise.all([confirm(user, id, headers), cancel(user, id, headers)]);
			expect(answers.map(({ status }) => status).sort()).toEqual([200, 412]);
			const settled = bookingIn(await api.call(`GET /bookings/${id}`, { token: user.token })).status;
			expect(settled).toBe(answers[0]?.status === 200 ? "confirmed" : "cancelled");
		}
	});
});

describe("404 not_found", () => {
	it("answers not_found to another user and does not change the booking", async () => {
		const { user, booking } = await api.newHold(["A1", "A2"]);
		expect(problemIn(await cancel(await api.newUser(), booking.id)).code).toBe("not_found");
		expect((await confirm(user, booking.id)).status).toBe(200);
	});
});

describe("503 busy", () => {
	it("refuses to cancel a confirmed booking while the outbox is full, but still releases holds", async () => {
		const { user, booking } = await api.newHold(["A1", "A2"]);
		await confirm(user, booking.id);
		const full = await api.startAnother({ limits: { outboxMax: 1 } });
		expect(problemIn(await full.call(`DELETE /bookings/${booking.id}`, { token: user.token })).code).toBe("busy");
		const held = await api.newHold(["A1", "A2"]);
		expect((await full.call(`DELETE /bookings/${held.booking.id}`, { token: held.user.token })).status).toBe(200);
	});
});

describe("400 invalid_request", () => {
	it("refuses a cancel with a body field or with a malformed If-Match", async () => {
		const { user, booking } = await api.newHold(["A1", "A2"]);
		const withBody = await api.call(`DELETE /bookings/${booking.id}`, { token: user.token, body: { reason: "none" } });
		expect(problemIn(withBody).errors?.[0]?.pointer).toBe("/reason");
		expect(problemIn(await cancel(user, booking.id, { "if-match": "version 1" })).errors?.[0]?.pointer).toBe("/headers/if-match");
	});
});
