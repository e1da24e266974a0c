import { bucketOf, newBookingId, parseBookingId } from "@holdfast/domain";
import { bookingKey, bucketKeys, showtimeKeys } from "@holdfast/seat-store/testing";
import { askRedis, waitUntil } from "@holdfast/testing";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { expectUserLimit } from "../testing/provoke.ts";
import { bookingIn, matrixIn, problemIn, seatIn } from "../testing/read-answers.ts";
import { settleOutboxes } from "../testing/settle-outboxes.ts";
import { startTestApi, type TestApi, type TestApp, type TestUser } from "../testing/start-test-api.ts";

let api: TestApi;
let brief: TestApp;
beforeAll(async () => {
	api = await startTestApi();
	brief = await api.another({ limits: { holdTtlMs: 1_000 } });
});
afterAll(() => api.close());

const confirm = (user: TestUser, id: string, headers: Record<string, string> = {}) =>
	api.call(`POST /bookings/${id}/confirm`, { token: user.token, headers });

/** A hold whose time is up. */
async function anExpiredHold() {
	const hold = await api.newHold(["A1", "A2"], brief);
	await waitUntil("the hold to expire", async () => {
		const seen = await api.call(`GET /bookings/${hold.booking.id}`, { token: hold.user.token });
		return bookingIn(seen).status === "expired";
	});
	return hold;
}

describe("200 confirmed", () => {
	it("sells the seats for good", async () => {
		const { user, showtimeId, booking } = await api.newHold(["A1", "A2"]);
		const answer = await confirm(user, booking.id);
		expect([answer.status, answer.headers.etag]).toEqual([200, '"2"']);
		const confirmed = bookingIn(answer);
		expect(confirmed).toMatchObject({ id: booking.id, status: "confirmed", version: 2, recorded: false, cancelledAt: null });
		expect(confirmed).not.toHaveProperty("expiresInSeconds");
		expect(Date.parse(confirmed.confirmedAt ?? "")).toBeGreaterThanOrEqual(Date.parse(booking.createdAt));
		const matrix = matrixIn(await api.call(`GET /showtimes/${showtimeId}/seats`));
		expect([seatIn(matrix, "A1").status, seatIn(matrix, "A2").status]).toEqual(["sold", "sold"]);
	});

	it("answers the same when it is repeated, with or without the version it had before", async () => {
		const { user, booking } = await api.newHold(["A1", "A2"]);
		const first = await confirm(user, booking.id, { "if-match": '"1"' });
		for (const headers of [{}, { "if-match": '"1"' }, { "if-match": '"2"' }, { "if-match": "*" }]) {
			const again = await confirm(user, booking.id, headers);
			expect([again.status, again.body]).toEqual([200, first.body]);
		}
	});

	it.each([[undefined], ["{}"], [""]])("takes the body %j", async (body) => {
		const { user, booking } = await api.newHold(["A1", "A2"]);
		const answer = await api.call(`POST /bookings/${booking.id}/confirm`, { token: user.token, body });
		expect(answer.status).toBe(200);
	});

	it("works in a process that has never heard of the booking", async () => {
		const { user, booking } = await api.newHold(["A1", "A2"]);
		const other = await api.another();
		expect((await other.call(`POST /bookings/${booking.id}/confirm`, { token: user.token })).status).toBe(200);
	});

	it("answers for a booking that only the ledger remembers", async () => {
		const { user, booking } = await api.newHold(["A1", "A2"]);
		await confirm(user, booking.id);
		await settleOutboxes(api.seatStore, api.databaseUrl);
		const id = parseBookingId(booking.id);
		if (id === null) throw new Error("the answer has no valid booking id");
		expect(await askRedis(api.redis.port, "DEL", bookingKey(id))).toBe(":1");
		const forgetful = await api.another();
		for (const app of [api, forgetful]) {
			const answer = await app.call(`POST /bookings/${id}/confirm`, { token: user.token });
			expect([answer.status, bookingIn(answer).recorded]).toEqual([200, true]);
		}
	});
});

describe("410 hold_expired", () => {
	it("refuses from the instant of expiry on, before it looks at the version", async () => {
		const { user, booking } = await anExpiredHold();
		expect(problemIn(await confirm(user, booking.id)).code).toBe("hold_expired");
		expect(problemIn(await confirm(user, booking.id, { "if-match": '"7"' })).code).toBe("hold_expired");
	});

	it("has freed the seats by then, for the map and for the next buyer, with no sweeper running", async () => {
		const { user, showtimeId, booking } = await anExpiredHold();
		const matrix = matrixIn(await api.call(`GET /showtimes/${showtimeId}/seats`));
		expect(matrix.counts).toMatchObject({ held: 0, available: 100 });
		const next = await api.newUser();
		expect((await api.hold(next, showtimeId, ["A1", "A2"])).status).toBe(201);
		expect(problemIn(await confirm(user, booking.id)).code).toBe("hold_expired");
	});
});

describe("409 booking_state", () => {
	it("refuses a booking that was cancelled", async () => {
		const { user, booking } = await api.newHold(["A1", "A2"]);
		await api.call(`DELETE /bookings/${booking.id}`, { token: user.token });
		expect(problemIn(await confirm(user, booking.id)).code).toBe("booking_state");
	});
});

describe("412 version_mismatch", () => {
	it.each(['"2"', '"99"', 'W/"1"', '"abc"'])("refuses If-Match %s for version 1, tells the version, and changes nothing", async (tag) => {
		const { user, booking } = await api.newHold(["A1", "A2"]);
		const answer = await confirm(user, booking.id, { "if-match": tag });
		expect([problemIn(answer).code, answer.headers.etag]).toEqual(["version_mismatch", '"1"']);
		expect(bookingIn(await api.call(`GET /bookings/${booking.id}`, { token: user.token })).status).toBe("pending");
	});
});

describe("404 not_found", () => {
	it("is one answer for another's booking, one that never was, and what is no id", async () => {
		const { booking, showtimeId } = await api.newHold(["A1", "A2"]);
		const stranger = await api.newUser();
		const absent = newBookingId(await api.newShowtime());
		const ids = [booking.id, absent, showtimeId, "nonsense"];
		const answers = await Promise.all(ids.map(async (id) => problemIn(await confirm(stranger, id))));
		expect(answers.map(({ code, detail }) => [code, detail])).toEqual(answers.map(() => ["not_found", answers[0]?.detail]));
	});
});

describe("409 showtime_cancelled", () => {
	it("refuses once the showtime does not take place", async () => {
		const { user, showtimeId, booking } = await api.newHold(["A1", "A2"]);
		const id = parseBookingId(booking.id);
		if (id === null) throw new Error("the answer has no valid booking id");
		await askRedis(api.redis.port, "HSET", showtimeKeys(showtimeId).meta, "state", "cancelled");
		expect(problemIn(await confirm(user, booking.id)).code).toBe("showtime_cancelled");
	});
});

describe("503 busy", () => {
	it("refuses while the outbox is at its bound, and the hold stays confirmable", async () => {
		const { user, booking } = await api.newHold(["A1", "A2"]);
		await confirm(user, (await api.newHold(["A1", "A2"])).booking.id);
		const full = await api.another({ limits: { outboxMax: 1 } });
		const id = parseBookingId(booking.id);
		if (id === null) throw new Error("the answer has no valid booking id");
		await askRedis(api.redis.port, "XADD", bucketKeys(bucketOf(id)).outbox, "*", "schema", "1");
		const answer = await full.call(`POST /bookings/${booking.id}/confirm`, { token: user.token });
		expect([problemIn(answer).code, answer.headers["retry-after"]]).toEqual(["busy", "2"]);
		expect((await confirm(user, booking.id)).status).toBe(200);
	});
});

describe("400 invalid_request", () => {
	it("refuses a body that says something, and garbage in If-Match", async () => {
		const { user, booking } = await api.newHold(["A1", "A2"]);
		const withBody = await api.call(`POST /bookings/${booking.id}/confirm`, { token: user.token, body: { force: true } });
		expect(problemIn(withBody).errors).toEqual([{ pointer: "/force", message: "is not a field of this request" }]);
		const withList = await api.call(`POST /bookings/${booking.id}/confirm`, { token: user.token, body: [1] });
		expect(problemIn(withList).code).toBe("invalid_request");
		expect(problemIn(await confirm(user, booking.id, { "if-match": "1" })).errors?.[0]?.pointer).toBe("/headers/if-match");
	});
});

describe("Prefer: wait", () => {
	it("answers when the ledger has the booking, and says that it waited", async () => {
		const [user, showtimeId] = [await api.newUser(), await api.newShowtime()];
		const { id } = await api.held(user, showtimeId, ["A1"]);
		const answer = api.call(`POST /bookings/${id}/confirm`, { token: user.token, headers: { prefer: "wait=5" } });
		await waitUntil("the confirm to be in the outbox", async () => (await api.seatStore.outboxDepths()).some((depth) => depth > 0));
		await settleOutboxes(api.seatStore, api.databaseUrl);
		const { status, headers } = await answer;
		expect([status, headers["preference-applied"], bookingIn(await answer).recorded]).toEqual([200, "wait=5", true]);
		const cancelling = api.call(`DELETE /bookings/${id}`, { token: user.token, headers: { prefer: "respond-async, wait=5" } });
		await waitUntil("the cancel to be in the outbox", async () => (await api.seatStore.outboxDepths()).some((depth) => depth > 0));
		await settleOutboxes(api.seatStore, api.databaseUrl);
		expect((await cancelling).headers["preference-applied"]).toBe("wait=5");
	});

	it("answers without, when the time is over or the wish makes no sense: confirmed, not recorded", async () => {
		const [user, showtimeId] = [await api.newUser(), await api.newShowtime()];
		for (const [seat, prefer] of Object.entries({ A1: "wait=0", A2: "wait=soon", A3: "return=minimal" })) {
			const { id } = await api.held(user, showtimeId, [seat]);
			const answer = await api.call(`POST /bookings/${id}/confirm`, { token: user.token, headers: { prefer } });
			expect([answer.status, answer.headers["preference-applied"], bookingIn(answer).recorded]).toEqual([200, undefined, false]);
		}
		await settleOutboxes(api.seatStore, api.databaseUrl);
	});
});

describe("429 too_many_requests", () => {
	it("refuses a user who asks more often than the limit, and not at it", () => expectUserLimit(api, "POST /bookings/x/confirm"));
});
