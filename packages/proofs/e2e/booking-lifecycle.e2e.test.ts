/** Bookings from the hold to the ledger, through the real processes. */
import { waitUntil } from "@holdfast/testing";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Answer, idOf, openTestStack, type TestStack, tally } from "./open-test-stack.ts";

let test: TestStack;
beforeAll(async () => {
	test = await openTestStack({ HOLD_TTL_MS: "6000" });
});
afterAll(() => test.close());

const seatsOf = (answer: Answer): Record<string, string> => {
	const { rows } = answer.body;
	if (!Array.isArray(rows)) throw new Error("the seat matrix has no rows array");
	return Object.fromEntries(rows.flatMap((row) => row.seats).map((seat) => [seat.label, seat.status]));
};

describe("1,000 users who hold the same two seats at once", () => {
	it("one of 1,000 users gets the two seats, 999 get 409 seats_taken with both seats, and the ledger agrees", async () => {
		const [buyers, showtimeId] = [await test.buyers(1_000), await test.showtime()];
		const answers = await Promise.all(buyers.map((buyer) => buyer.hold(showtimeId, ["E5", "E6"])));
		expect(tally(answers)).toEqual({ 201: 1, "409 seats_taken": 999 });
		for (const { status, body } of answers) if (status === 409) expect(body.seats).toEqual(["E5", "E6"]);
		const winner = answers.findIndex(({ status }) => status === 201);
		const won = answers[winner];
		if (!won) throw new Error("no hold was placed");
		expect((await buyers[winner]?.confirm(idOf(won)))?.status).toBe(200);
		await test.proof.drained(10_000);
		expect(await test.proof.violations(showtimeId)).toEqual([]);
		expect([...(await test.proof.owners(showtimeId)).values()]).toEqual([idOf(won), idOf(won)]);
	});
});

describe("a seat label in another spelling", () => {
	it("a hold of A01, a1 or 'A1 ' gets 422 unknown_seats, and a hold of A1 is placed", async () => {
		const [[buyer], showtimeId] = [await test.buyers(1), await test.showtime()];
		for (const label of ["A01", "a1", "A1 "]) {
			const answer = await buyer?.hold(showtimeId, [label]);
			expect(answer).toMatchObject({ status: 422, code: "unknown_seats", body: { seats: [label] } });
		}
		expect((await buyer?.hold(showtimeId, ["A1"]))?.status).toBe(201);
	});
});

describe("a hold that expires while the sweeper is stopped", () => {
	it("an expired hold's seats are available in the map and to the next buyer, and its confirm gets 410 hold_expired", async () => {
		const [[early, late], showtimeId] = [await test.buyers(2), await test.showtime()];
		if (!early || !late) throw new Error("fewer than two buyers were inserted");
		await test.stack.sweeper.stop();
		const first = await early.hold(showtimeId, ["B1", "B2"]);
		expect(first.status).toBe(201);
		expect(await late.hold(showtimeId, ["B2"])).toMatchObject({ status: 409, code: "seats_taken", body: { seats: ["B2"] } });
		expect(seatsOf(await test.get(`/showtimes/${showtimeId}/seats`))).toMatchObject({ B1: "held", B2: "held" });

		await waitUntil("the hold to expire", () => Date.now() > Date.parse(String(first.body.expiresAt)));
		expect(seatsOf(await test.get(`/showtimes/${showtimeId}/seats`))).toMatchObject({ B1: "available", B2: "available" });
		expect(await early.confirm(idOf(first))).toMatchObject({ status: 410, code: "hold_expired" });
		expect((await early.show(idOf(first))).body.status).toBe("expired");
		const second = await late.hold(showtimeId, ["B2", "B3"]);
		expect(second.status).toBe(201);
		expect((await late.confirm(idOf(second))).status).toBe(200);
		expect(await early.confirm(idOf(first))).toMatchObject({ status: 410, code: "hold_expired" });
		await test.stack.sweeper.start();
		await test.proof.drained(10_000);
		expect(await test.proof.violations(showtimeId)).toEqual([]);
	});
});

describe("a seat that is sold again after a cancel", () => {
	it("the ledger has the cancelled booking and the new booking of a resold seat, in order", async () => {
		const [[first, second], showtimeId] = [await test.buyers(2), await test.showtime()];
		if (!first || !second) throw new Error("fewer than two buyers were inserted");
		const one = idOf(await first.hold(showtimeId, ["C3"]));
		expect((await first.confirm(one)).status).toBe(200);
		expect(await first.cancel(one)).toMatchObject({ status: 200, body: { status: "cancelled" } });
		const two = idOf(await second.hold(showtimeId, ["C3"]));
		expect((await second.confirm(two)).status).toBe(200);
		await test.proof.drained(10_000);
		expect(
			await test.query(
				`select booking_id, released_at is null as active from booking_seats where showtime_id = '${showtimeId}' order by acquired_at`,
			),
		).toEqual([
			{ booking_id: one, active: "f" },
			{ booking_id: two, active: "t" },
		]);
		expect(await test.proof.violations(showtimeId)).toEqual([]);
	});
});
