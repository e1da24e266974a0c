import { BOX_OFFICE_USER_ID, newShowtimeId, newUserId, type ShowtimeId } from "@holdfast/domain";
import { SeatStoreFault } from "@holdfast/seat-store";
import { waitUntil } from "@holdfast/testing";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { auditOf, sellSeats } from "../testing/admin.ts";
import { withoutPostgres } from "../testing/broken-apps.ts";
import { adminBookingIn, openDesk } from "../testing/open-desk.ts";
import { endShowtime, whileRedisIsPaused } from "../testing/provoke.ts";
import { bookingIn, problemIn } from "../testing/read-answers.ts";
import { startTestApi, type TestApi, type TestApp, type TestUser } from "../testing/start-test-api.ts";

let api: TestApi;
let desk: Awaited<ReturnType<typeof openDesk>>;
let user: TestUser;
let email: string;
let showtimeId: ShowtimeId;
beforeAll(async () => {
	api = await startTestApi({ rates: { userBurst: 10_000, userRate: 10_000 } });
	desk = await openDesk(api);
	user = await api.newUser();
	const [row] = await api.sql(`select email from users where id = '${user.id}'`);
	email = row?.email ?? "";
});
beforeEach(async () => {
	showtimeId = await api.newShowtime();
});
afterAll(() => api.close());

const row = (letter: string, count: number) => Array.from({ length: count }, (_, seat) => `${letter}${seat + 1}`);
const sell = (fields: object = {}, headers: Record<string, string> = {}, app?: TestApp) =>
	desk.sell({ showtimeId, seats: ["A1", "A2"], ...fields }, headers, app);
const codeOf = async (fields: object, headers: Record<string, string> = {}, app?: TestApp) =>
	problemIn(await sell(fields, headers, app)).code;
/** An app whose outboxes are full at the first entry that is not settled. */
const withFullOutbox = () => api.startAnother({ limits: { outboxMax: 1 } });

describe("201", () => {
	it("sells to a customer without an account, and the audit trail has the sale once the ledger has it", async () => {
		const answer = await sell({ reason: "Paid in cash" });
		const booking = adminBookingIn(answer);
		expect([answer.status, answer.headers]).toMatchObject([201, { etag: '"2"', location: `/api/v1/admin/bookings/${booking.id}` }]);
		expect(booking).toMatchObject({
			...{ showtimeId, status: "confirmed", seats: ["A1", "A2"], total: { amount: 2500, currency: "USD" }, version: 2, recorded: false },
			...{ refund: null, user: { id: BOX_OFFICE_USER_ID, email: null, displayName: null } },
			showtime: { id: showtimeId, movie: { title: "The Third Man" }, auditorium: { name: "Hall 1" } },
		});
		expect(await desk.seats(showtimeId)).toMatchObject({ A1: "sold", A2: "sold", A3: "available" });
		expect(await auditOf(api, booking.id)).toEqual([]);
		await desk.settle();
		expect(await auditOf(api, booking.id)).toMatchObject([
			{ action: "booking.sold", actor: desk.admin.id, reason: "Paid in cash", requestId: answer.headers["x-request-id"], before: null },
		]);
		expect(await api.sql(`select user_id, state from bookings where id = '${booking.id}'`)).toEqual([
			{ user_id: BOX_OFFICE_USER_ID, state: "CONFIRMED" },
		]);
	});

	it("sells to an account by its id or its e-mail address in any letter case, and its user sees the booking", async () => {
		const byId = adminBookingIn(await sell({ userId: user.id }));
		const byEmail = adminBookingIn(await sell({ seats: ["B1"], email: email.toUpperCase() }));
		for (const { id, user: customer } of [byId, byEmail]) {
			expect(customer).toEqual({ id: user.id, email, displayName: "Buyer" });
			expect(await desk.seenBy(user, id)).toMatchObject({ status: "confirmed", showtimeId });
		}
	});

	it("sells blocked seats while sales are paused, beyond the limits of the customer", async () => {
		const headers = { token: desk.admin.token };
		for (const seat of row("A", 10)) await sellSeatsTo(user, seat);
		await api.call(`PUT /admin/showtimes/${showtimeId}/blocks`, { ...headers, body: { block: ["B1", "B2"] } });
		await api.call(`PUT /admin/showtimes/${showtimeId}`, { ...headers, body: { state: "paused" } });
		expect((await sell({ seats: ["B1"], userId: user.id })).status).toBe(201);
		const { body } = await api.call(`GET /admin/showtimes/${showtimeId}`, headers);
		expect(body).toMatchObject({ blocks: ["B2"], live: { bookings: 11 } });
	});

	it.each(["closed", "open"])("sells after the sales window while the showtime is %s", async (state) => {
		await api.sql(`update showtimes set state = '${state}', sales_close_at = now() - interval '10 minutes' where id = '${showtimeId}'`);
		expect((await sell()).status).toBe(201);
	});

	it("holds the seats only with confirm: false, and the customer can confirm the hold", async () => {
		const held = adminBookingIn(await sell({ userId: user.id, confirm: false, reason: "Pays at home" }));
		expect(held).toMatchObject({ status: "pending", expiresInSeconds: 420, confirmedAt: null, version: 1 });
		expect(bookingIn(await api.call(`POST /bookings/${held.id}/confirm`, { token: user.token })).status).toBe("confirmed");
		await desk.settle();
		expect(await auditOf(api, held.id)).toMatchObject([{ action: "booking.sold", actor: desk.admin.id, reason: "Pays at home" }]);
	});

	it("a repeat with the same key answers with the same booking, and completes a sale that stopped half-way", async () => {
		const key = { "idempotency-key": "sale-1" };
		const held = adminBookingIn(await sell({ confirm: false }, key));
		const again = await sell({ seats: ["A2", "A1"] }, key);
		expect([again.status, again.headers["idempotency-replayed"]]).toEqual([201, "true"]);
		expect(adminBookingIn(again)).toMatchObject({ id: held.id, status: "confirmed", version: 2 });
		await desk.setStatus(held.id, { status: "cancelled" });
		expect(adminBookingIn(await sell({}, key))).toMatchObject({ id: held.id, status: "cancelled", version: 3 });
	});

	it("waits for the ledger with Prefer: wait", async () => {
		const answer = await desk.recorded((headers) => sell({}, headers));
		expect([answer.headers["preference-applied"], adminBookingIn(answer).recorded]).toEqual(["wait=5", true]);
	});

	it("sells to a customer without an account, moves and cancels while Postgres is unreachable; a revive needs it", async () => {
		await sell({ seats: ["J1"] });
		const app = await withoutPostgres(api);
		const sold = adminBookingIn(await sell({}, {}, app));
		expect(sold).toMatchObject({ status: "confirmed", user: { email: null } });
		expect(adminBookingIn(await desk.reseat(sold.id, ["C1", "C2"], {}, app)).seats).toEqual(["C1", "C2"]);
		expect(adminBookingIn(await desk.setStatus(sold.id, { status: "cancelled" }, {}, app)).status).toBe("cancelled");
		expect(problemIn(await desk.setStatus(sold.id, { status: "confirmed" }, {}, app)).code).toBe("unavailable");
		expect(await codeOf({ seats: ["B1"], email }, {}, app)).toBe("unavailable");
	});
});

async function sellSeatsTo({ token }: TestUser, seat: string): Promise<void> {
	const { id } = bookingIn(await api.call("POST /bookings", { token, body: { showtimeId, seats: [seat] } }));
	await api.call(`POST /bookings/${id}/confirm`, { token });
}

describe("409 seats_taken", () => {
	it("names the seats that are held or sold this very moment, and sells no other seat", async () => {
		await api.held(await api.newUser(), showtimeId, ["B2"]);
		await sellSeats(api, showtimeId, ["B3"]);
		const problem = problemIn(await sell({ seats: ["B1", "B2", "B3"] }));
		expect(problem).toMatchObject({ code: "seats_taken", seats: ["B2", "B3"] });
		expect(await desk.seats(showtimeId)).toMatchObject({ B1: "available", B2: "held", B3: "sold" });
	});

	it("exactly one of 40 concurrent holds and sales of one seat succeeds, and the others are refused", async () => {
		const buyers = await api.newUsers(20);
		const answers = await Promise.all(buyers.flatMap((buyer) => [api.hold(buyer, showtimeId, ["C1"]), sell({ seats: ["C1"] })]));
		const codes = answers.map(({ status, body }) => Object(body).code ?? status);
		expect(codes.toSorted()).toEqual([201, ...Array(39).fill("seats_taken")].toSorted());
		expect((await api.seatStore.inspectSeats(showtimeId)).owners.map(({ seat }) => seat)).toEqual([20]);
	});
});

describe("422 unknown_user", () => {
	it.each([
		["an unknown id", async () => ({ userId: newUserId() })],
		["a text that is no id", async () => ({ userId: "ada" })],
		["an unknown e-mail address", async () => ({ email: "no-such-buyer@example.com" })],
		["an e-mail address with wildcards", async () => ({ email: "buyer-%@example.com" })],
		["the account of the box office", async () => ({ userId: BOX_OFFICE_USER_ID })],
		["an account that is being deleted", async () => ({ userId: (await deletedUser()).id })],
	])("refuses %s and holds no seats", async (_what, customer) => {
		expect(await codeOf(await customer())).toBe("unknown_user");
		expect(await desk.seats(showtimeId)).toMatchObject({ A1: "available" });
	});

	it("releases the seats when the account is deleted between the hold and the confirm", async () => {
		const customer = await api.newUser();
		const racing = await api.startAnother({
			wrapStore: (store) => ({
				...store,
				async placeStaffHold(command) {
					const held = await store.placeStaffHold(command);
					await markDeleted(customer);
					return held;
				},
			}),
		});
		expect(await codeOf({ userId: customer.id }, {}, racing)).toBe("unknown_user");
		expect(await desk.seats(showtimeId)).toMatchObject({ A1: "available" });
	});
});

const markDeleted = ({ id }: TestUser) => api.sql(`update users set deletion_started_at = now() where id = '${id}'`);

async function deletedUser(): Promise<TestUser> {
	const deleted = await api.newUser();
	await markDeleted(deleted);
	return deleted;
}

describe("422 unknown_seats", () => {
	it("names the labels that the plan does not have", async () => {
		expect(problemIn(await sell({ seats: ["A1", "a2", "Z9"] }))).toMatchObject({ code: "unknown_seats", seats: ["a2", "Z9"] });
	});
});

describe("422 idempotency_mismatch", () => {
	it("refuses a key that was used for other seats or another customer, and not that of another showtime", async () => {
		const key = { "idempotency-key": "sale-2" };
		await sell({}, key);
		expect(await codeOf({ seats: ["B1"] }, key)).toBe("idempotency_mismatch");
		expect(await codeOf({ userId: user.id }, key)).toBe("idempotency_mismatch");
		expect((await sell({ showtimeId: await api.newShowtime() }, key)).status).toBe(201);
	});
});

describe("410 hold_expired", () => {
	it("refuses to complete a sale whose hold has expired", async () => {
		const [brief, key] = [await api.startAnother({ limits: { holdTtlMs: 1_000 } }), { "idempotency-key": "sale-3" }];
		const held = adminBookingIn(await sell({ confirm: false }, key, brief));
		await waitUntil("the hold to expire", () => Date.now() > Date.parse(held.expiresAt));
		expect(await codeOf({}, key)).toBe("hold_expired");
		expect((await sell()).status).toBe(201);
	});
});

describe("409 booking_state", () => {
	it("is answered when the hold is released before the sale can confirm it", async () => {
		const racing = await api.startAnother({
			wrapStore: (store) => ({
				...store,
				async confirmBooking(command) {
					await store.cancelBooking(command);
					return store.confirmBooking(command);
				},
			}),
		});
		expect(await codeOf({}, {}, racing)).toBe("booking_state");
	});
});

describe("409 showtime_closed", () => {
	it("refuses a sale of a showtime that is over", async () => {
		await endShowtime(api, showtimeId);
		expect(await codeOf({})).toBe("showtime_closed");
	});
});

describe("409 showtime_cancelled", () => {
	it("refuses a sale of a cancelled showtime, also when it is cancelled between the hold and the confirm", async () => {
		const terms = { state: "cancelled" } as const;
		const racing = await api.startAnother({
			wrapStore: (store) => ({
				...store,
				async confirmBooking(command) {
					await store.setTerms({ showtimeId, terms, ifVersions: null, command: null });
					return store.confirmBooking(command);
				},
			}),
		});
		expect(await codeOf({}, {}, racing)).toBe("showtime_cancelled");
		expect(await codeOf({ seats: ["B1"] })).toBe("showtime_cancelled");
	});
});

describe("404 not_found", () => {
	it.each(["nonsense", newShowtimeId()])("answers not_found to a sale of the showtime id %s", async (id) => {
		expect(await codeOf({ showtimeId: id })).toBe("not_found");
	});
});

describe("400 invalid_request", () => {
	it.each([
		["a user id and an e-mail address", { userId: newUserId(), email: "ada@example.com" }, ""],
		["no seats", { seats: [] }, "/seats"],
		["eleven seats", { seats: row("A", 11) }, "/seats"],
		["a seat twice", { seats: ["A1", "A1"] }, "/seats"],
		["an e-mail address with a NUL", { email: "ada\u0000@example.com" }, "/email"],
		["an e-mail address of 255 characters", { email: "a".repeat(255) }, "/email"],
		["a reason without a visible character", { reason: " " }, "/reason"],
		["confirm as a text", { confirm: "no" }, "/confirm"],
		["an unknown field", { refundPercent: 100 }, "/refundPercent"],
	])("refuses a sale with %s", async (_what, fields, pointer) => {
		const problem = problemIn(await sell(fields));
		expect([problem.code, problem.errors?.[0]?.pointer]).toEqual(["invalid_request", pointer]);
	});

	it("refuses a malformed Idempotency-Key", async () => {
		expect(problemIn(await sell({}, { "idempotency-key": "a b" })).errors?.[0]?.pointer).toBe("/headers/idempotency-key");
	});
});

describe("503 recovering", () => {
	it("is answered while another process rebuilds the showtime and does not finish", async () => {
		await sell({ seats: ["J1"] });
		await desk.rebuildForever(showtimeId);
		expect(await codeOf({})).toBe("recovering");
	});
});

describe("503 busy", () => {
	it("is answered when the outbox has no place for the end of a block, and nothing is changed", async () => {
		await api.call(`PUT /admin/showtimes/${showtimeId}/blocks`, { token: desk.admin.token, body: { block: ["A1"] } });
		expect(await codeOf({}, {}, await withFullOutbox())).toBe("busy");
		expect(await desk.seats(showtimeId)).toMatchObject({ A1: "blocked", A2: "available" });
	});
});

describe("503 outcome_unknown", () => {
	it("is answered when the seats are held and cannot be confirmed, and the repeat completes the sale", async () => {
		const key = { "idempotency-key": "sale-4" };
		await sellSeats(api, showtimeId, ["J1"]);
		expect(await codeOf({}, key, await withFullOutbox())).toBe("outcome_unknown");
		expect(await desk.seats(showtimeId)).toMatchObject({ A1: "held" });
		expect(adminBookingIn(await sell({}, key)).status).toBe("confirmed");
	});

	it("is answered when Redis is unreachable after the hold, and when the sold booking cannot be shown", async () => {
		const unreachable = () => Promise.reject(new SeatStoreFault("unavailable", "unreachable"));
		const stuck = await api.startAnother({ wrapStore: (store) => ({ ...store, confirmBooking: unreachable }) });
		expect(await codeOf({}, {}, stuck)).toBe("outcome_unknown");
		const blind = await api.startAnother({ wrapStore: (store) => ({ ...store, readShowtime: unreachableAfter(store.readShowtime, 1) }) });
		expect(await codeOf({ seats: ["B1"] }, {}, blind)).toBe("outcome_unknown");
		expect(await desk.seats(showtimeId)).toMatchObject({ A1: "held", B1: "sold" });
	});

	it("is answered while Redis is paused", async () => {
		await sell({ seats: ["J1"] });
		const call = { token: desk.admin.token, body: { showtimeId, seats: ["A1"] } };
		expect((await whileRedisIsPaused(api, api, "POST /admin/bookings", call)).code).toBe("outcome_unknown");
	});
});

/** Answers `calls` calls, and fails from then on as if Redis were unreachable. */
function unreachableAfter<Args extends unknown[], Result>(run: (...args: Args) => Promise<Result>, calls: number) {
	let made = 0;
	return (...args: Args): Promise<Result> => {
		made += 1;
		return made > calls ? Promise.reject(new SeatStoreFault("unavailable", "unreachable")) : run(...args);
	};
}
