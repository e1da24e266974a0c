import { bucketOf, newBookingId, parseBookingId } from "@holdfast/domain";
import { bookingKey, bucketKeys, showtimeKeys } from "@holdfast/seat-store/testing";
import { askRedis, waitUntil } from "@holdfast/testing";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { bookingIn, matrixIn, problemIn, seatIn } from "../testing/read-answers.ts";
import { settleOutboxes } from "../testing/settle-outboxes.ts";
import { startTestApi, type TestApi, type TestApp, type TestUser } from "../testing/start-test-api.ts";

let api: TestApi;
let brief: TestApp;
beforeAll(async () => {
	api = await startTestApi();
	brief = await api.startAnother({ limits: { holdTtlMs: 1_000 } });
});
afterAll(() => api.close());

const confirm = (user: TestUser, id: string, headers: Record<string, string> = {}) =>
	api.call(`POST /bookings/${id}/confirm`, { token: user.token, headers });

/** Creates a hold and waits until it has expired. */
async function createExpiredHold() {
	const hold = await api.newHold(["A1", "A2"], brief);
	await waitUntil("the hold to expire", async () => {
		const seen = await api.call(`GET /bookings/${hold.booking.id}`, { token: hold.user.token });
		return bookingIn(seen).status === "expired";
	});
	return hold;
}

describe("200 confirmed", () => {
	it("sells the seats of the hold permanently", async () => {
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

	it("answers a repeated confirm like the first one, with or without the version before the confirm", async () => {
		const { user, booking } = await api.newHold(["A1", "A2"]);
		const first = await confirm(user, booking.id, { "if-match": '"1"' });
		for (const headers of [{}, { "if-match": '"1"' }, { "if-match": '"2"' }, { "if-match": "*" }]) {
			const again = await confirm(user, booking.id, headers);
			expect([again.status, again.body]).toEqual([200, first.body]);
		}
	});

	it.each([[undefined], ["{}"], [""]])("confirms with the body %j", async (body) => {
		const { user, booking } = await api.newHold(["A1", "A2"]);
		const answer = await api.call(`POST /bookings/${booking.id}/confirm`, { token: user.token, body });
		expect(answer.status).toBe(200);
	});

	it("confirms in a process that has not seen the booking before", async () => {
		const { user, booking } = await api.newHold(["A1", "A2"]);
		const other = await api.startAnother();
		expect((await other.call(`POST /bookings/${booking.id}/confirm`, { token: user.token })).status).toBe(200);
	});

	it("answers a repeated confirm of a booking that only the ledger still has", async () => {
		const { user, booking } = await api.newHold(["A1", "A2"]);
		await confirm(user, booking.id);
		await settleOutboxes(api.seatStore, api.databaseUrl);
		const id = parseBookingId(booking.id);
		if (id === null) throw new Error("the answer has no valid booking id");
		expect(await askRedis(api.redis.port, "DEL", bookingKey(id))).toBe(":1");
		const withoutCache = await api.startAnother();
		for (const app of [api, withoutCache]) {
			const answer = await app.call(`POST /bookings/${id}/confirm`, { token: user.token });
			expect([answer.status, bookingIn(answer).recorded]).toEqual([200, true]);
		}
	});
});

describe("410 hold_expired", () => {
	it("refuses a confirm after the expiry, whatever version it names", async () => {
		const { user, booking } = await createExpiredHold();
		expect(problemIn(await confirm(user, booking.id)).code).toBe("hold_expired");
		expect(problemIn(await confirm(user, booking.id, { "if-match": '"7"' })).code).toBe("hold_expired");
	});

	it("frees the seats of an expired hold in the map and for the next buyer, without a sweeper", async () => {
		const { user, showtimeId, booking } = await createExpiredHold();
		const matrix = matrixIn(await api.call(`GET /showtimes/${showtimeId}/seats`));
		expect(matrix.counts).toMatchObject({ held: 0, available: 100 });
		const next = await api.newUser();
		expect((await api.hold(next, showtimeId, ["A1", "A2"])).status).toBe(201);
		expect(problemIn(await confirm(user, booking.id)).code).toBe("hold_expired");
	});
});

describe("409 booking_state", () => {
	it("refuses to confirm a booking that was cancelled", async () => {
		const { user, booking } = await api.newHold(["A1", "A2"]);
		await api.call(`DELETE /bookings/${booking.id}`, { token: user.token });
		expect(problemIn(await confirm(user, booking.id)).code).toBe("booking_state");
	});
});

describe("412 version_mismatch", () => {
	it.each(['"2"', '"99"', 'W/"1"', '"abc"'])(
		"refuses a confirm with If-Match %s for version 1, returns the version, and changes nothing",
		async (tag) => {
			const { user, booking } = await api.newHold(["A1", "A2"]);
			const answer = await confirm(user, booking.id, { "if-match": tag });
			expect([problemIn(answer).code, answer.headers.etag]).toEqual(["version_mismatch", '"1"']);
			expect(bookingIn(await api.call(`GET /bookings/${booking.id}`, { token: user.token })).status).toBe("pending");
		},
	);
});

describe("404 not_found", () => {
	it("answers the same for another user's booking, a missing booking and a malformed id", async () => {
		const { booking, showtimeId } = await api.newHold(["A1", "A2"]);
		const stranger = await api.newUser();
		const absent = newBookingId(await api.newShowtime());
		const ids = [booking.id, absent, showtimeId, "nonsense"];
		const answers = await Promise.all(ids.map(async (id) => problemIn(await confirm(stranger, id))));
		expect(answers.map(({ code, detail }) => [code, detail])).toEqual(answers.map(() => ["not_found", answers[0]?.detail]));
	});
});

describe("409 showtime_cancelled", () => {
	it("refuses to confirm after the showtime was cancelled", async () => {
		const { user, showtimeId, booking } = await api.newHold(["A1", "A2"]);
		const id = parseBookingId(booking.id);
		if (id === null) throw new Error("the answer has no valid booking id");
		await askRedis(api.redis.port, "HSET", showtimeKeys(showtimeId).meta, "state", "cancelled");
		expect(problemIn(await confirm(user, booking.id)).code).toBe("showtime_cancelled");
	});
});

describe("503 busy", () => {
	it("refuses a confirm while the outbox is full, and the hold can still be confirmed later", async () => {
		const { user, booking } = await api.newHold(["A1", "A2"]);
		await confirm(user, (await api.newHold(["A1", "A2"])).booking.id);
		const full = await api.startAnother({ limits: { outboxMax: 1 } });
		const id = parseBookingId(booking.id);
		if (id === null) throw new Error("the answer has no valid booking id");
		await askRedis(api.redis.port, "XADD", bucketKeys(bucketOf(id)).outbox, "*", "schema", "1");
		const answer = await full.call(`POST /bookings/${booking.id}/confirm`, { token: user.token });
		expect([problemIn(answer).code, answer.headers["retry-after"]]).toEqual(["busy", "2"]);
		expect((await confirm(user, booking.id)).status).toBe(200);
	});
});

describe("400 invalid_request", () => {
	it("refuses a confirm with a body field, a list as body, or a malformed If-Match", async () => {
		const { user, booking } = await api.newHold(["A1", "A2"]);
		const withBody = await api.call(`POST /bookings/${booking.id}/confirm`, { token: user.token, body: { force: true } });
		expect(problemIn(withBody).errors).toEqual([{ pointer: "/force", message: "is not a field of this request" }]);
		const withList = await api.call(`POST /bookings/${booking.id}/confirm`, { token: user.token, body: [1] });
		expect(problemIn(withList).code).toBe("invalid_request");
		expect(problemIn(await confirm(user, booking.id, { "if-match": "1" })).errors?.[0]?.pointer).toBe("/headers/if-match");
	});
});

describe("a confirm or cancel with Prefer: wait", () => {
	it("waits until the ledger has the booking, and sets Preference-Applied", async () => {
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

	it("returns the booking as not recorded when the wait is over or the preference is invalid", async () => {
		const [user, showtimeId] = [await api.newUser(), await api.newShowtime()];
		for (const [seat, prefer] of Object.entries({ A1: "wait=0", A2: "wait=soon", A3: "return=minimal" })) {
			const { id } = await api.held(user, showtimeId, [seat]);
			const answer = await api.call(`POST /bookings/${id}/confirm`, { token: user.token, headers: { prefer } });
			expect([answer.status, answer.headers["preference-applied"], bookingIn(answer).recorded]).toEqual([200, undefined, false]);
		}
		await settleOutboxes(api.seatStore, api.databaseUrl);
	});
});
