import { seatOwners } from "@holdfast/database";
import { newBookingId, newShowtimeId, parseBookingId } from "@holdfast/domain";
import { SeatStoreFault } from "@holdfast/seat-store";
import { findSeatViolations } from "@holdfast/seat-store/testing";
import { waitUntil } from "@holdfast/testing";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { auditOf, sellSeats } from "../testing/admin.ts";
import { adminBookingIn, DESK_REASON, openDesk } from "../testing/open-desk.ts";
import { bookingsOfThePast, endShowtime, uninstall, whileRedisIsPaused } from "../testing/provoke.ts";
import { problemIn } from "../testing/read-answers.ts";
import { startTestApi, type TestApi, type TestApp } from "../testing/start-test-api.ts";

let api: TestApi;
let brief: TestApp;
let desk: Awaited<ReturnType<typeof openDesk>>;
beforeAll(async () => {
	api = await startTestApi({ rates: { userBurst: 10_000, userRate: 10_000 } });
	brief = await api.startAnother({ limits: { holdTtlMs: 1_000 } });
	desk = await openDesk(api);
});
afterAll(() => api.close());

const CONFIRMED = { status: "confirmed" } as const;
const CANCELLED = { status: "cancelled" } as const;
const codeOf = async (id: string, body: object, headers: Record<string, string> = {}, app?: TestApp) =>
	problemIn(await desk.setStatus(id, body, headers, app)).code;
const refundOf = async (id: string) => {
	const [row] = await api.sql(`select state, amount, percent, reason from refunds where booking_id = '${id}'`);
	return row === undefined ? null : `${row.state} ${row.amount} ${row.percent}% ${row.reason}`;
};

/** Sells two seats, and cancels and settles that. */
async function cancelled(refundPercent = 100) {
	const sold = await desk.bought();
	await desk.setStatus(sold.id, { ...CANCELLED, refundPercent });
	await desk.settle();
	return sold;
}

describe("200 confirm", () => {
	it("sells the seats of a hold to its user, once, and the audit trail says who did it and why", async () => {
		const { user, showtimeId, booking } = await api.newHold(["A1", "A2"]);
		const answer = await desk.setStatus(booking.id, CONFIRMED, { "if-match": '"1"' });
		expect([answer.status, answer.headers.etag, adminBookingIn(answer)]).toMatchObject([
			...[200, '"2"'],
			{ id: booking.id, status: "confirmed", version: 2, user: { id: user.id }, showtime: { id: showtimeId } },
		]);
		for (const tag of ['"1"', '"2"', 'W/"2"', '"2-gzip"', '"9", "2"', "*"])
			expect((await desk.setStatus(booking.id, CONFIRMED, { "if-match": tag })).body).toEqual(answer.body);
		expect(await desk.seenBy(user, booking.id)).toMatchObject({ status: "confirmed" });
		expect(await desk.seats(showtimeId)).toMatchObject({ A1: "sold", A2: "sold" });
		await desk.settle();
		expect(await auditOf(api, booking.id)).toMatchObject([
			{ action: "booking.confirmed", actor: desk.admin.id, reason: DESK_REASON, requestId: answer.headers["x-request-id"] },
		]);
	});
});

describe("200 cancel", () => {
	it("releases a hold: its seats are free, its user sees it, and the audit trail has it", async () => {
		const { user, showtimeId, booking } = await api.newHold(["A1", "A2"]);
		expect(adminBookingIn(await desk.setStatus(booking.id, CANCELLED))).toMatchObject({
			status: "cancelled",
			confirmedAt: null,
			version: 2,
		});
		expect((await desk.setStatus(booking.id, CANCELLED)).status).toBe(200);
		expect(await desk.seats(showtimeId)).toMatchObject({ A1: "available" });
		expect(await desk.seenBy(user, booking.id)).toMatchObject({ status: "cancelled", refund: null });
		await desk.settle();
		expect(await auditOf(api, booking.id)).toMatchObject([{ action: "booking.released", actor: desk.admin.id, reason: DESK_REASON }]);
		expect(await refundOf(booking.id)).toBeNull();
	});

	it.each([
		[undefined, "due 2500 100% staff"],
		[100, "due 2500 100% staff"],
		[40, "due 1000 40% staff"],
		[1, "due 25 1% staff"],
		[0, null],
	])("owes the customer %s percent of a cancelled booking, and its user sees the refund", async (refundPercent, expected) => {
		const { id, user, showtimeId } = await desk.bought();
		const body = { ...CANCELLED, ...(refundPercent !== undefined && { refundPercent }) };
		const booking = adminBookingIn(await desk.recorded((headers) => desk.setStatus(id, body, headers)));
		const percent = refundPercent ?? 100;
		const refund =
			expected === null ? null : { status: "due", amount: { amount: percent * 25, currency: "USD" }, percent, reason: "staff" };
		expect(booking).toMatchObject({ status: "cancelled", recorded: true, version: 3, refund });
		expect(await desk.seenBy(user, id)).toMatchObject({ status: "cancelled", refund });
		expect(await refundOf(id)).toBe(expected);
		expect(await desk.seats(showtimeId)).toMatchObject({ A1: "available" });
		expect((await auditOf(api, id)).map(({ action, reason }) => [action, reason])).toEqual([["booking.cancelled", DESK_REASON]]);
	});

	it("a repeat changes nothing, also with another percentage", async () => {
		const { id } = await cancelled(40);
		const again = await desk.setStatus(id, { ...CANCELLED, refundPercent: 100 }, { "if-match": '"2"' });
		expect([again.status, adminBookingIn(again)]).toMatchObject([200, { version: 3, refund: { percent: 40 } }]);
		await desk.settle();
		expect([await refundOf(id), (await auditOf(api, id)).length]).toEqual(["due 1000 40% staff", 1]);
	});

	it("cancels a booking after the start of its showtime", async () => {
		const { id, showtimeId } = await desk.bought();
		await uninstall(api, showtimeId);
		await api.sql(
			`update showtimes set starts_at = now() - interval '1 hour', sales_close_at = now() - interval '1 hour' where id = '${showtimeId}'`,
		);
		expect(adminBookingIn(await desk.setStatus(id, CANCELLED)).status).toBe("cancelled");
		await desk.settle();
		expect(await refundOf(id)).toBe("due 2500 100% staff");
	});
});

describe("200 revive", () => {
	it("gives a cancelled booking its seats back and withdraws the refund; a later cancel opens it again", async () => {
		const { id, user, showtimeId } = await cancelled();
		const revived = adminBookingIn(await desk.setStatus(id, CONFIRMED, { "if-match": '"3"' }));
		expect(revived).toMatchObject({ status: "confirmed", version: 4, cancelledAt: null, refund: null });
		expect(await desk.seats(showtimeId)).toMatchObject({ A1: "sold", A2: "sold" });
		expect(await desk.seenBy(user, id)).toMatchObject({ status: "confirmed", refund: null });
		await desk.settle();
		expect(await refundOf(id)).toBe("not_owed 2500 100% staff");
		await desk.setStatus(id, { ...CANCELLED, refundPercent: 40 });
		await desk.settle();
		expect(await refundOf(id)).toBe("due 1000 40% staff");
		expect((await auditOf(api, id)).map(({ action }) => action)).toEqual(["booking.cancelled", "booking.revived", "booking.cancelled"]);
	});

	it("brings a booking back that was cancelled a moment ago: it waits until the ledger has the cancel", async () => {
		const { id } = await desk.bought();
		await desk.setStatus(id, CANCELLED);
		let asked = 0;
		const watched = await api.startAnother({
			wrapStore: (store) => ({
				...store,
				async reviveBooking(command) {
					const answer = await store.reviveBooking(command);
					asked += 1;
					return answer;
				},
			}),
		});
		const reviving = desk.setStatus(id, CONFIRMED, {}, watched);
		await waitUntil("the first attempt to be refused", () => asked === 1);
		await desk.settle();
		expect([adminBookingIn(await reviving).status, asked]).toEqual(["confirmed", 2]);
		await desk.settle();
		expect(await refundOf(id)).toBe("not_owed 2500 100% staff");
	});

	it("goes on with a revive whose process died after it had withheld the refund", async () => {
		const { id } = await cancelled();
		await api.sql(`update refunds set state = 'withdrawing', withdraw_version = 3, withdraw_until = now() + interval '1 minute'
			where booking_id = '${id}'`);
		expect(adminBookingIn(await desk.setStatus(id, CONFIRMED))).toMatchObject({ status: "confirmed", refund: null });
		await desk.settle();
		expect(await refundOf(id)).toBe("not_owed 2500 100% staff");
	});

	it("revives a booking that its user had cancelled, for whom nothing was owed", async () => {
		const { id, user } = await desk.bought();
		await api.call(`DELETE /bookings/${id}`, { token: user.token });
		await desk.settle();
		expect(adminBookingIn(await desk.setStatus(id, CONFIRMED))).toMatchObject({ status: "confirmed", version: 4 });
		await desk.settle();
		expect(await refundOf(id)).toBeNull();
	});
});

describe("200 of an old booking", () => {
	it("cancels and revives a booking that was recorded days ago, so that only the ledger has it", async () => {
		const { id } = await desk.bought();
		await desk.forget(id);
		expect(adminBookingIn(await desk.setStatus(id, CANCELLED)).version).toBe(3);
		await desk.settle();
		await desk.forget(id);
		const fresh = await api.startAnother();
		expect(adminBookingIn(await desk.setStatus(id, CONFIRMED, {}, fresh)).version).toBe(4);
		await desk.settle();
		expect(await refundOf(id)).toBe("not_owed 2500 100% staff");
	});

	it("cancels a booking of an archived movie or of a deleted user, with a refund", async () => {
		const [ofArchived, ofDeleted] = [await desk.sold(), await desk.bought()];
		await api.sql(
			`update movies set archived_at = now() from showtimes where movies.id = movie_id and showtimes.id = '${ofArchived.showtimeId}'`,
		);
		await markDeleted(ofDeleted.user.id);
		for (const { id } of [ofArchived, ofDeleted]) expect((await desk.setStatus(id, CANCELLED)).status).toBe(200);
		await desk.settle();
		expect([await refundOf(ofArchived.id), await refundOf(ofDeleted.id)]).toEqual(["due 2500 100% staff", "due 2500 100% staff"]);
		expect(adminBookingIn(await desk.setStatus(ofDeleted.id, CANCELLED)).user).toEqual({
			...{ id: ofDeleted.user.id, email: null, displayName: null },
		});
	});
});

const markDeleted = (userId: string) => api.sql(`update users set deletion_started_at = now() where id = '${userId}'`);

describe("409 transition_not_allowed", () => {
	it("refuses to confirm a hold that was released, and allows nothing", async () => {
		const { booking } = await api.newHold(["A1"]);
		await desk.setStatus(booking.id, CANCELLED);
		expect(problemIn(await desk.setStatus(booking.id, CONFIRMED))).toMatchObject({
			code: "transition_not_allowed",
			status: 409,
			allowed: [],
		});
	});

	it("refuses to confirm a booking whose seats turned out to be sold already", async () => {
		const { id, showtimeId, user } = await desk.bought(["A1"]);
		const bookingId = parseBookingId(id);
		if (bookingId === null) throw new Error("the sale has no valid booking id");
		await api.seatStore.resolveConflict({ bookingId, showtimeId, userId: user.id, version: 3, seats: [0], owners: [] });
		await api.sql(`update bookings set state = 'CONFLICT', version = 3 where id = '${id}'`);
		expect(problemIn(await desk.setStatus(id, CONFIRMED))).toMatchObject({ code: "transition_not_allowed", allowed: [] });
	});

	it("names what is allowed from the status that the booking has meanwhile", async () => {
		const { booking } = await api.newHold(["A1"]);
		const racing = await api.startAnother({
			wrapStore: (store) => ({
				...store,
				async confirmByStaff({ command: _command, ...own }) {
					await store.confirmBooking(own);
					await store.cancelBooking(own);
					return store.confirmByStaff({ ...own, command: { actor: desk.admin.id, requestId: "r", reason: null } });
				},
			}),
		});
		const problem = problemIn(await desk.setStatus(booking.id, CONFIRMED, {}, racing));
		expect(problem).toMatchObject({ code: "transition_not_allowed", allowed: ["confirmed"] });
	});
});

describe("409 seats_taken", () => {
	it("refuses a revive and names the seats that were sold or held since; the refund stays due", async () => {
		const { id, showtimeId, user } = await cancelled();
		await sellSeats(api, showtimeId, ["A2"]);
		expect(problemIn(await desk.setStatus(id, CONFIRMED))).toMatchObject({ code: "seats_taken", seats: ["A2"] });
		expect(await desk.seenBy(user, id)).toMatchObject({ status: "cancelled", refund: { status: "due" } });
		expect(await refundOf(id)).toBe("due 2500 100% staff");
	});

	it("a revive and a hold of its seat in the same moment have one winner, and both stores agree", async () => {
		const rounds = await Promise.all(Array.from({ length: 8 }, () => desk.sold()));
		for (const { id } of rounds) await desk.setStatus(id, CANCELLED);
		await desk.settle();
		for (const { id, showtimeId } of rounds) {
			const [buyer, seller] = [await api.newUser(), { showtimeId, seats: ["A1"] }];
			const answers = await Promise.all([desk.setStatus(id, CONFIRMED), api.hold(buyer, showtimeId, ["A2"]), desk.sell(seller)]);
			const codes = answers.map(({ status, body }) => Object(body).code ?? status);
			const [revived, ...others] = codes;
			expect(revived === 200 ? others : [revived, ...others]).toEqual(
				revived === 200 ? ["seats_taken", "seats_taken"] : ["seats_taken", expect.anything(), expect.anything()],
			);
			expect(others.includes(201)).toBe(revived !== 200);
			await desk.settle();
			expect(await findSeatViolations(api.seatStore, showtimeId, await seatOwners(api.database, showtimeId))).toEqual([]);
			expect(await refundOf(id)).toBe(`${revived === 200 ? "not_owed" : "due"} 2500 100% staff`);
		}
	});
});

describe("409 money_moved", () => {
	it("refuses a revive once the refund is on its way, paid or failed", async () => {
		const { id, showtimeId } = await cancelled();
		for (const [state, doneAt] of Object.entries({ sent: "null", done: "now()", failed: "null" })) {
			await api.sql(`update refunds set state = '${state}', done_at = ${doneAt} where booking_id = '${id}'`);
			expect([state, await codeOf(id, CONFIRMED)]).toEqual([state, "money_moved"]);
		}
		expect(await desk.seats(showtimeId)).toMatchObject({ A1: "available" });
	});
});

describe("422 unknown_user", () => {
	it("refuses to revive a booking whose account was deleted", async () => {
		const { id, user } = await cancelled();
		await markDeleted(user.id);
		expect(await codeOf(id, CONFIRMED)).toBe("unknown_user");
	});
});

describe("410 hold_expired", () => {
	it("refuses to confirm and to release an expired hold, whatever version the request names", async () => {
		const { booking } = await api.newHold(["A1"], brief);
		await waitUntil("the hold to expire", () => Date.now() > Date.parse(booking.expiresAt));
		for (const body of [CONFIRMED, CANCELLED]) {
			expect(await codeOf(booking.id, body)).toBe("hold_expired");
			expect(await codeOf(booking.id, body, { "if-match": '"7"' })).toBe("hold_expired");
		}
	});
});

describe("412 version_mismatch", () => {
	it("refuses other versions than the booking has, and returns the booking as it is", async () => {
		const { id } = await cancelled();
		for (const tag of ['"1"', '"4"', 'W/"9"', '"abc"', '"1", "5"']) {
			const answer = await desk.setStatus(id, CONFIRMED, { "if-match": tag });
			expect([tag, problemIn(answer).code, answer.headers.etag]).toEqual([tag, "version_mismatch", '"3"']);
			expect(problemIn(answer).current).toMatchObject({ id, status: "cancelled", version: 3, refund: { status: "due" } });
		}
	});

	it("exactly one of a confirm and a cancel with the same version succeeds", async () => {
		for (let round = 0; round < 5; round += 1) {
			const { booking } = await api.newHold(["A1"]);
			const answers = await Promise.all(
				[CONFIRMED, CANCELLED].map((body) => desk.setStatus(booking.id, body, { "if-match": 'W/"1-gzip"' })),
			);
			expect(answers.map(({ status }) => status).toSorted()).toEqual([200, 412]);
		}
	});
});

describe("404 not_found", () => {
	it.each(["nonsense", newBookingId(newShowtimeId())])("answers not_found for the booking id %s", async (id) => {
		expect([await codeOf(id, CONFIRMED), await codeOf(id, CANCELLED)]).toEqual(["not_found", "not_found"]);
	});
});

describe("409 showtime_cancelled", () => {
	it("refuses every change of a booking whose showtime was cancelled", async () => {
		const { id, showtimeId } = await desk.bought();
		await api.seatStore.setTerms({ showtimeId, terms: { state: "cancelled" }, ifVersions: null, command: null });
		expect([await codeOf(id, CONFIRMED), await codeOf(id, CANCELLED)]).toEqual(["showtime_cancelled", "showtime_cancelled"]);
		await desk.settle();
		await uninstall(api, showtimeId);
		expect([await codeOf(id, CONFIRMED), await codeOf(id, CANCELLED)]).toEqual(["showtime_cancelled", "showtime_cancelled"]);
	});
});

describe("409 showtime_closed", () => {
	it("answers a repeat as the first request, and refuses every change once the live seats of the showtime are deleted", async () => {
		const { confirmed, cancelled: released, expired } = await bookingsOfThePast(api);
		const revivable = await cancelled();
		const { booking: pending, showtimeId } = await api.newHold(["A1"]);
		for (const id of [revivable.showtimeId, showtimeId]) await endShowtime(api, id);
		expect((await desk.setStatus(confirmed.id, CONFIRMED)).status).toBe(200);
		expect((await desk.setStatus(released.id, CANCELLED)).status).toBe(200);
		expect(await codeOf(expired.id, CANCELLED)).toBe("hold_expired");
		expect(await codeOf(confirmed.id, CANCELLED)).toBe("showtime_closed");
		expect(await codeOf(revivable.id, CONFIRMED)).toBe("showtime_closed");
		expect([await codeOf(pending.id, CONFIRMED), await codeOf(pending.id, CANCELLED)]).toEqual(["showtime_closed", "showtime_closed"]);
	});
});

describe("400 invalid_request", () => {
	it.each([
		[{ status: "pending" }, "/status"],
		[{ ...CANCELLED, reason: undefined }, "/reason"],
		[{ ...CANCELLED, reason: "\n" }, "/reason"],
		[{ ...CANCELLED, reason: "x".repeat(501) }, "/reason"],
		[{ ...CANCELLED, refundPercent: 101 }, "/refundPercent"],
		[{ ...CANCELLED, refundPercent: -1 }, "/refundPercent"],
		[{ ...CANCELLED, refundPercent: 0.5 }, "/refundPercent"],
		[{ ...CONFIRMED, refundPercent: 100 }, "/refundPercent"],
		[{ ...CANCELLED, refundPercent: 100 }, "/refundPercent"],
	])("refuses the body %j for a hold, which stays", async (body, pointer) => {
		const { user, booking } = await api.newHold(["A1"]);
		const problem = problemIn(await desk.setStatus(booking.id, body));
		expect([problem.code, problem.errors?.[0]?.pointer]).toEqual(["invalid_request", pointer]);
		expect(await desk.seenBy(user, booking.id)).toMatchObject({ status: "pending", version: 1 });
	});

	it("refuses a malformed If-Match", async () => {
		const problem = problemIn(await desk.setStatus(newBookingId(newShowtimeId()), CONFIRMED, { "if-match": "1" }));
		expect(problem.errors?.[0]?.pointer).toBe("/headers/if-match");
	});
});

describe("503 recovering", () => {
	it("is answered while another process rebuilds the showtime and does not finish", async () => {
		const [{ id, showtimeId }, revivable] = [await desk.sold(), await cancelled()];
		for (const own of [showtimeId, revivable.showtimeId]) await desk.rebuildForever(own);
		expect([await codeOf(id, CANCELLED), await codeOf(revivable.id, CONFIRMED)]).toEqual(["recovering", "recovering"]);
	});
});

describe("503 busy", () => {
	it("is answered while the outbox is full, and the refund stays due", async () => {
		const { id, showtimeId } = await cancelled();
		const sold = await sellSeats(api, showtimeId, ["J1"]);
		const full = await api.startAnother({ limits: { outboxMax: 1 } });
		expect([await codeOf(id, CONFIRMED, {}, full), await codeOf(sold.id, CANCELLED, {}, full)]).toEqual(["busy", "busy"]);
		expect(await refundOf(id)).toBe("due 2500 100% staff");
		expect((await desk.setStatus(id, CONFIRMED)).status).toBe(200);
		await desk.settle();
	});
});

describe("503 outcome_unknown", () => {
	it("is answered while Redis is paused, and the repeat shows the outcome", async () => {
		const { id, showtimeId } = await desk.sold();
		await desk.setStatus(id, CONFIRMED);
		const racing = await api.startAnother({
			// Paused between the read of the booking and the command.
			wrapStore: (store) => ({ ...store, cancelByStaff: () => Promise.reject(new SeatStoreFault("outcome_unknown", showtimeId)) }),
		});
		expect(await codeOf(id, CANCELLED, {}, racing)).toBe("outcome_unknown");
		expect(adminBookingIn(await desk.setStatus(id, CANCELLED)).status).toBe("cancelled");
		const call = { token: desk.admin.token, body: { ...CANCELLED, reason: DESK_REASON } };
		expect((await whileRedisIsPaused(api, api, `PUT /admin/bookings/${id}/status`, call)).code).toBe("unavailable");
	});

	it("is answered when the changed booking cannot be shown", async () => {
		const { id } = await desk.sold();
		const unreachable = () => Promise.reject(new SeatStoreFault("unavailable", "unreachable"));
		const blind = await api.startAnother({ wrapStore: (store) => ({ ...store, readShowtime: unreachable }) });
		expect(await codeOf(id, CANCELLED, {}, blind)).toBe("outcome_unknown");
		expect(adminBookingIn(await desk.setStatus(id, CANCELLED)).version).toBe(3);
	});
});
