import { seatOwners } from "@holdfast/database";
import { newBookingId, newShowtimeId, parseShowtimeId } from "@holdfast/domain";
import { SeatStoreFault } from "@holdfast/seat-store";
import { findSeatViolations } from "@holdfast/seat-store/testing";
import { waitUntil } from "@holdfast/testing";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { auditOf, createTestAuditorium, createTestMovie, createTestPlan, sellSeats } from "../testing/admin.ts";
import { adminBookingIn, DESK_REASON, openDesk } from "../testing/open-desk.ts";
import { endShowtime, uninstall } from "../testing/provoke.ts";
import { problemIn } from "../testing/read-answers.ts";
import { readStream } from "../testing/read-stream.ts";
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

const codeOf = async (id: string, seats: readonly string[], headers: Record<string, string> = {}, app?: TestApp) =>
	problemIn(await desk.reseat(id, seats, headers, app)).code;
const ledgerSeats = async (id: string) =>
	(await api.sql(`select label from booking_seats where booking_id = '${id}' and released_at is null order by seat`)).map(
		({ label }) => label,
	);

/** Schedules a showtime with seats A1, A2, B1 and B2 at 12.50 and A3 and B3 at 18.00 EUR, and sells seats of it. */
async function boughtOfTwoTiers(seats: readonly string[]) {
	const [movie, room] = [await createTestMovie(api, desk.admin), await createTestAuditorium(api, desk.admin)];
	await createTestPlan(api, desk.admin, room.id);
	const price = (tier: string, amount: number) => ({ tier, price: { amount, currency: "EUR" } });
	const startsAt = new Date(Date.now() + 24 * 3_600_000).toISOString();
	const body = { movieId: movie.id, auditoriumId: room.id, startsAt, prices: [price("standard", 1250), price("premium", 1800)] };
	const { id } = Object((await api.call("POST /admin/showtimes", { token: desk.admin.token, body })).body);
	const showtimeId = parseShowtimeId(String(id));
	if (showtimeId === null) throw new Error("no showtime was scheduled");
	return { showtimeId, price, ...(await sellSeats(api, showtimeId, seats)) };
}

describe("200", () => {
	it("moves a booking: its user and the live stream see the new seats, the old ones are free, and the ledger agrees", async () => {
		const { id, user, showtimeId } = await desk.bought();
		const stream = await readStream(api, showtimeId);
		await stream.until(1);
		const before = stream.events.length;
		const answer = await desk.reseat(id, ["C4", "C3"], { "if-match": '"2"' });
		expect([answer.status, answer.headers.etag]).toEqual([200, '"3"']);
		expect(adminBookingIn(answer)).toMatchObject({ seats: ["C3", "C4"], status: "confirmed", version: 3, total: { amount: 2500 } });
		await stream.until(before + 1);
		stream.close();
		expect(await desk.seats(showtimeId)).toMatchObject({ A1: "available", A2: "available", C3: "sold", C4: "sold" });
		expect(await desk.seenBy(user, id)).toMatchObject({ seats: ["C3", "C4"], total: { amount: 2500 } });
		for (const tag of ['"2"', 'W/"3"', '"3-gzip", "8"'])
			expect((await desk.reseat(id, ["C3", "C4"], { "if-match": tag })).body).toEqual(answer.body);
		await desk.settle();
		expect(await ledgerSeats(id)).toEqual(["C3", "C4"]);
		expect(await auditOf(api, id)).toMatchObject([
			{
				...{ action: "booking.reseated", actor: desk.admin.id, reason: DESK_REASON, requestId: answer.headers["x-request-id"] },
				...{ before: { seats: ["A1", "A2"] }, after: { seats: ["C3", "C4"] } },
			},
		]);
	});

	it("keeps one of the seats, and gives a blocked seat, which is no longer blocked then", async () => {
		const { id, showtimeId } = await desk.bought();
		await api.call(`PUT /admin/showtimes/${showtimeId}/blocks`, { token: desk.admin.token, body: { block: ["B1"] } });
		expect(adminBookingIn(await desk.reseat(id, ["A2", "B1"])).seats).toEqual(["A2", "B1"]);
		expect(await desk.seats(showtimeId)).toMatchObject({ A1: "available", A2: "sold", B1: "sold" });
		await desk.settle();
		expect(await ledgerSeats(id)).toEqual(["A2", "B1"]);
	});

	it("moves a booking that only the ledger still has", async () => {
		const { id } = await desk.bought();
		await desk.forget(id);
		expect(adminBookingIn(await desk.reseat(id, ["D1", "D2"]))).toMatchObject({ seats: ["D1", "D2"], version: 3 });
	});

	it("moves to seats of the same price class also after a change of prices, and to another class that costs the same now", async () => {
		const { id, showtimeId, price } = await boughtOfTwoTiers(["A1"]);
		// Another process changes the prices: this one has an old copy of them.
		const other = await api.startAnother();
		const setPrices = (standard: number, premium: number) =>
			other.call(`PUT /admin/showtimes/${showtimeId}`, {
				token: desk.admin.token,
				body: { prices: [price("standard", standard), price("premium", premium)] },
			});
		await setPrices(1400, 1800);
		expect(adminBookingIn(await desk.reseat(id, ["B2"])).total.amount).toBe(1250);
		await setPrices(1400, 1250);
		expect(adminBookingIn(await desk.reseat(id, ["A3"]))).toMatchObject({ seats: ["A3"], total: { amount: 1250 } });
	});
});

describe("422 amount_differs", () => {
	it("refuses seats that cost another amount together, and says which amount the booking has", async () => {
		const { id, showtimeId } = await boughtOfTwoTiers(["A1", "A2"]);
		const problem = problemIn(await desk.reseat(id, ["A1", "A3"]));
		expect([problem.code, problem.errors]).toEqual([
			"amount_differs",
			[{ pointer: "/seats", message: "must cost 2500 together, in the smallest unit of EUR" }],
		]);
		expect(await desk.seats(showtimeId)).toMatchObject({ A1: "sold", A2: "sold", A3: "available" });
	});
});

describe("422 seat_count_differs", () => {
	it.each([[["B1"]], [["B1", "B2", "B3"]]])("refuses %j for two seats", async (seats) => {
		const { id } = await desk.sold();
		const problem = problemIn(await desk.reseat(id, seats));
		expect([problem.code, problem.errors]).toEqual(["seat_count_differs", [{ pointer: "/seats", message: "must have exactly 2 items" }]]);
	});
});

describe("422 unknown_seats", () => {
	it("names the labels that the plan does not have", async () => {
		const { id } = await desk.sold();
		expect(problemIn(await desk.reseat(id, ["Z9", "A1"]))).toMatchObject({ code: "unknown_seats", seats: ["Z9"] });
	});
});

describe("409 seats_taken", () => {
	it("names the seats that are held or sold, and moves none", async () => {
		const { id, showtimeId } = await desk.sold();
		await api.held(await api.newUser(), showtimeId, ["B1"]);
		expect(problemIn(await desk.reseat(id, ["B1", "B2"]))).toMatchObject({ code: "seats_taken", seats: ["B1"] });
		expect(await desk.seats(showtimeId)).toMatchObject({ A1: "sold", A2: "sold", B2: "available" });
	});

	it("moves and holds of the same seats in the same moment have one winner, and both stores agree", async () => {
		const { id, showtimeId } = await desk.sold();
		const other = await sellSeats(api, showtimeId, ["J1", "J2"]);
		const buyers = await api.newUsers(4);
		const answers = await Promise.all([
			desk.reseat(id, ["E1", "E2"]),
			desk.reseat(other.id, ["E2", "E3"]),
			...buyers.map((buyer) => api.hold(buyer, showtimeId, ["E2"])),
		]);
		const codes = answers.map(({ status, body }) => String(Object(body).code ?? status));
		expect(codes.filter((code) => code !== "seats_taken")).toHaveLength(1);
		await desk.settle();
		expect(await findSeatViolations(api.seatStore, showtimeId, await seatOwners(api.database, showtimeId))).toEqual([]);
		const { owners } = await api.seatStore.inspectSeats(showtimeId);
		const soldTo = (bookingId: string) => owners.filter((owner) => owner.bookingId === bookingId).length;
		expect([soldTo(id), soldTo(other.id)]).toEqual([2, 2]);
		expect([(await ledgerSeats(id)).length, (await ledgerSeats(other.id)).length]).toEqual([2, 2]);
	});
});

describe("409 transition_not_allowed", () => {
	it("refuses to move a hold or a cancelled booking, and names the statuses that it can get", async () => {
		const [{ booking }, { id }] = [await api.newHold(["A1"]), await desk.sold()];
		expect(problemIn(await desk.reseat(booking.id, ["B1"]))).toMatchObject({
			code: "transition_not_allowed",
			allowed: ["confirmed", "cancelled"],
		});
		await desk.setStatus(id, { status: "cancelled" });
		expect(problemIn(await desk.reseat(id, ["B1", "B2"]))).toMatchObject({ code: "transition_not_allowed", allowed: ["confirmed"] });
	});
});

describe("410 hold_expired", () => {
	it("refuses to move an expired hold", async () => {
		const { booking } = await api.newHold(["A1"], brief);
		await waitUntil("the hold to expire", () => Date.now() > Date.parse(booking.expiresAt));
		expect(await codeOf(booking.id, ["B1"])).toBe("hold_expired");
	});
});

describe("412 version_mismatch", () => {
	it("refuses other versions than the booking has, and returns the booking as it is", async () => {
		const { id } = await desk.sold();
		for (const tag of ['"1"', '"3"', 'W/"7", "9"']) {
			const answer = await desk.reseat(id, ["B1", "B2"], { "if-match": tag });
			expect([problemIn(answer).code, answer.headers.etag, problemIn(answer).current]).toMatchObject([
				...["version_mismatch", '"2"'],
				{ id, seats: ["A1", "A2"], version: 2 },
			]);
		}
	});
});

describe("404 not_found", () => {
	it.each(["nonsense", newBookingId(newShowtimeId())])("answers not_found for the booking id %s", async (id) => {
		expect(await codeOf(id, ["A1"])).toBe("not_found");
	});
});

describe("409 showtime_cancelled", () => {
	it("refuses to move a booking whose showtime was cancelled", async () => {
		const { id, showtimeId } = await desk.sold();
		await api.seatStore.setTerms({ showtimeId, terms: { state: "cancelled" }, ifVersions: null, command: null });
		expect(await codeOf(id, ["B1", "B2"])).toBe("showtime_cancelled");
		await desk.settle();
		await uninstall(api, showtimeId);
		expect(await codeOf(id, ["B1", "B2"])).toBe("showtime_cancelled");
	});
});

describe("409 showtime_closed", () => {
	it("refuses a move once the live seats of the showtime are deleted, and answers a repeat as the first request", async () => {
		const { id, showtimeId } = await desk.sold();
		await endShowtime(api, showtimeId);
		expect(await codeOf(id, ["B1", "B2"])).toBe("showtime_closed");
		expect((await desk.reseat(id, ["A2", "A1"], { "if-match": '"2"' })).status).toBe(200);
		expect(await codeOf(id, ["A1", "A2"], { "if-match": '"9"' })).toBe("version_mismatch");
	});
});

describe("400 invalid_request", () => {
	it.each([
		[{ seats: [] }, "/seats"],
		[{ seats: ["B1", "B1"] }, "/seats"],
		[{ seats: Array.from({ length: 11 }, (_, at) => `B${at}`) }, "/seats"],
		[{ seats: ["B1"], reason: "" }, "/reason"],
		[{ seats: ["B1"], status: "confirmed" }, "/status"],
	])("refuses the body %j", async (fields, pointer) => {
		const body = { reason: DESK_REASON, ...fields };
		const answer = await api.call(`PUT /admin/bookings/${newBookingId(newShowtimeId())}/seats`, { token: desk.admin.token, body });
		expect([problemIn(answer).code, problemIn(answer).errors?.[0]?.pointer]).toEqual(["invalid_request", pointer]);
	});

	it("refuses a missing reason and a malformed If-Match", async () => {
		const path = `PUT /admin/bookings/${newBookingId(newShowtimeId())}/seats`;
		const withoutReason = await api.call(path, { token: desk.admin.token, body: { seats: ["A1"] } });
		expect(problemIn(withoutReason).errors?.[0]?.pointer).toBe("/reason");
		expect(problemIn(await desk.reseat(newBookingId(newShowtimeId()), ["A1"], { "if-match": "1" })).errors?.[0]?.pointer).toBe(
			"/headers/if-match",
		);
	});
});

describe("503 recovering", () => {
	it("is answered while another process rebuilds the showtime and does not finish", async () => {
		const { id, showtimeId } = await desk.sold();
		await desk.rebuildForever(showtimeId);
		expect(await codeOf(id, ["B1", "B2"])).toBe("recovering");
	});
});

describe("503 busy", () => {
	it("is answered while the outbox is full, and no seat is moved", async () => {
		const { id, showtimeId } = await desk.sold();
		await sellSeats(api, showtimeId, ["J1"]);
		expect(await codeOf(id, ["B1", "B2"], {}, await api.startAnother({ limits: { outboxMax: 1 } }))).toBe("busy");
		expect(await desk.seats(showtimeId)).toMatchObject({ A1: "sold", B1: "available" });
	});
});

describe("503 outcome_unknown", () => {
	it("is answered when Redis does not answer the move, and the repeat shows the outcome", async () => {
		const { id } = await desk.sold();
		const silent = await api.startAnother({
			wrapStore: (store) => ({
				...store,
				async reseatBooking(command) {
					await store.reseatBooking(command);
					throw new SeatStoreFault("outcome_unknown", "silent");
				},
			}),
		});
		expect(await codeOf(id, ["B1", "B2"], {}, silent)).toBe("outcome_unknown");
		expect(adminBookingIn(await desk.reseat(id, ["B1", "B2"], { "if-match": '"2"' }))).toMatchObject({ seats: ["B1", "B2"], version: 3 });
	});
});
