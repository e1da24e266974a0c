/** Confirm and cancel of one booking at the same time. The previous system accepted both, 60 times of 60. */
import { byRunLength } from "@holdfast/testing";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Answer, idOf, openTestStack, type TestStack, tally } from "./open-test-stack.ts";

const ROUNDS = byRunLength({ short: 100, long: 1_000 });
const SEATS = Array.from({ length: 100 }, (_, seat) => `${String.fromCharCode(65 + Math.floor(seat / 10))}${(seat % 10) + 1}`);

let test: TestStack;
beforeAll(async () => {
	test = await openTestStack({ WORKERS: "2" });
});
afterAll(() => test.close());

/** In each round, sends the confirm and the cancel of one booking together. Resolves to both answers and the booking after them. */
async function race(headers: Record<string, string>) {
	const rounds: { confirm: Answer; cancel: Answer; after: Answer; bookingId: string }[] = [];
	const showtimeIds = await test.showtimes(ROUNDS / SEATS.length);
	const buyers = await test.buyers(ROUNDS);
	for (const [round, buyer] of buyers.entries()) {
		const [showtimeId, label] = [showtimeIds[Math.floor(round / SEATS.length)], SEATS[round % SEATS.length]];
		if (!showtimeId || !label) throw new Error(`no showtime or no seat for round ${round}`);
		const bookingId = idOf(await buyer.hold(showtimeId, [label]));
		// The request that is sent first alternates.
		const sent =
			round % 2 === 0
				? { confirm: buyer.confirm(bookingId, headers), cancel: buyer.cancel(bookingId, headers) }
				: { cancel: buyer.cancel(bookingId, headers), confirm: buyer.confirm(bookingId, headers) };
		const [confirm, cancel] = await Promise.all([sent.confirm, sent.cancel]);
		rounds.push({ confirm, cancel, after: await buyer.show(bookingId), bookingId });
	}
	await test.proof.drained(20_000);
	for (const showtimeId of showtimeIds) expect(await test.proof.violations(showtimeId)).toEqual([]);
	return rounds;
}

/** Compares the final status of each booking with the ledger: a cancelled booking is absent there, or cancelled too. */
async function expectLedgerAgrees(rounds: Awaited<ReturnType<typeof race>>): Promise<void> {
	const rows = await test.query("select id, state from bookings");
	const states = new Map(rows.map((row) => [row.id, row.state]));
	for (const { after, bookingId } of rounds) {
		const recorded = states.get(bookingId);
		if (after.body.status === "confirmed") expect(recorded).toBe("CONFIRMED");
		else expect([undefined, "CANCELLED"]).toContain(recorded);
	}
}

describe("confirm and cancel with the same If-Match", () => {
	it(`exactly one of confirm and cancel succeeds and the other gets 412 version_mismatch, ${ROUNDS} times`, async () => {
		const rounds = await race({ "if-match": '"1"' });
		for (const { confirm, cancel, after } of rounds) {
			expect([confirm.status, cancel.status].sort()).toEqual([200, 412]);
			expect(after.body.status).toBe(confirm.status === 200 ? "confirmed" : "cancelled");
		}
		expect(Object.keys(tally(rounds.flatMap(({ confirm, cancel }) => [confirm, cancel])))).toEqual(
			expect.arrayContaining(["200", "412 version_mismatch"]),
		);
		await expectLedgerAgrees(rounds);
	});
});

describe("confirm and cancel without If-Match", () => {
	it(`the cancel always succeeds and the booking ends as cancelled, whether or not the confirm came first, ${ROUNDS} times`, async () => {
		const rounds = await race({});
		for (const { confirm, cancel, after } of rounds) {
			// The cancel always succeeds: either it released the hold, and the confirm was refused, or it came after the confirm.
			expect(cancel.status).toBe(200);
			expect(after.body.status).toBe("cancelled");
			if (confirm.status === 200) expect(after.body.version).toBe(3);
			else expect(confirm).toMatchObject({ status: 409, code: "booking_state" });
			if (confirm.status !== 200) expect(after.body.version).toBe(2);
		}
		await expectLedgerAgrees(rounds);
	});
});
