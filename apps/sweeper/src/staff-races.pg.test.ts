/**
 * What staff do races what customers and the accountant do: a revive against a hold of its seat, a reseat against a hold of its new seat, a
 * revive against the payment of its refund. Each race has one winner, the other side gets a coded refusal, and once everything is settled
 * both stores agree.
 */
import { seatOwners } from "@holdfast/database";
import { newUserId, type OpenShowtime, type StaffCommand, type UserId } from "@holdfast/domain";
import type { SeatStore } from "@holdfast/seat-store";
import { buy, findSeatViolations, tryHold } from "@holdfast/seat-store/testing";
import { driveRevive, type ReviveDeps } from "@holdfast/showtime-actions";
import { byRunLength, insertUsers } from "@holdfast/testing";
import { afterAll, beforeAll, expect, it } from "vitest";
import { createSweeperMetrics } from "./sweeper-metrics.ts";
import { openTestSweeper, type TestSweeper } from "./testing/open-test-sweeper.ts";

/** A showtime has 100 seats. A race of a reseat needs two of them. */
const SHOWTIMES = byRunLength({ short: 1, long: 10 });
const ROUNDS = 100;

let test: TestSweeper;
let users: readonly UserId[];
const metrics = createSweeperMetrics();
beforeAll(async () => {
	test = await openTestSweeper();
	users = await insertUsers(test.databaseUrl, 2 * ROUNDS);
});
afterAll(() => test.stop());

const command: StaffCommand = { actor: newUserId(), requestId: "request-1", reason: "A race" };
const deps = (seatStore: Partial<SeatStore> = {}): ReviveDeps => ({
	database: test.database,
	seatStore: { ...test.seatStore, ...seatStore },
	open: async (id) => ({ outcome: await test.rebuild(id) }),
});
const userOf = (round: number): UserId => users[round] ?? newUserId();
const settle = () => test.newSweeper({ metrics }).runOnce();

/** Sells a seat per round and returns the commands on these bookings. */
async function sellAll(showtime: OpenShowtime, rounds: number) {
	const sold = [];
	for (let round = 0; round < rounds; round += 1) sold.push(await buy(test.seatStore, showtime, [round], { userId: userOf(round) }));
	return sold.map(({ booking: _booking, ...bought }) => bought);
}

/** Starts two calls so that either may reach Redis first: in every other round the second one is sent before the first. */
async function race<One, Other>(round: number, one: () => Promise<One>, other: () => Promise<Other>): Promise<[One, Other]> {
	if (round % 2 === 0) return Promise.all([one(), other()]);
	const second = other();
	return Promise.all([one(), second]);
}

/** Counts the rounds that each side has won. */
const tally = () => ({ staff: 0, others: 0 });

/** Settles everything, then expects both stores to agree, no event to be lost and no booking to be in conflict. */
async function expectAgreement(showtime: OpenShowtime): Promise<void> {
	await settle();
	expect(await findSeatViolations(test.seatStore, showtime.id, await seatOwners(test.database, showtime.id))).toEqual([]);
	expect((await metrics.render()).text).not.toMatch(/^holdfast_(outbox_gaps|conflicts|dead_letters)_total [1-9]/m);
}
const refundsAt = (showtime: OpenShowtime) =>
	test.query(
		`select b.state as booking, r.state as refund, count(*)::text from bookings b join refunds r on r.booking_id = b.id
			where b.showtime_id = '${showtime.id}' group by 1, 2 order by 1, 2`,
	);

it(`a revive and a hold of its seat at the same moment have one owner, ${SHOWTIMES * ROUNDS} times`, async () => {
	const wins = tally();
	for (let at = 0; at < SHOWTIMES; at += 1) {
		const [showtime, before] = [await test.rebuiltShowtime(), wins.staff];
		const sold = await sellAll(showtime, ROUNDS);
		for (const bought of sold) await test.seatStore.cancelByStaff({ ...bought, command, refundPercent: 100 });
		await settle();
		for (const [round, bought] of sold.entries()) {
			// The refund is withheld in the ledger first, so the hold begins when the seat store is asked.
			let hold: ReturnType<typeof tryHold> | undefined;
			const userId = userOf(ROUNDS + round);
			const reviveBooking: SeatStore["reviveBooking"] = async (request) => {
				const [revived] = await race(
					round,
					() => test.seatStore.reviveBooking(request),
					() => (hold = tryHold(test.seatStore, showtime, [round], { userId })),
				);
				return revived;
			};
			const revived = await driveRevive(deps({ reviveBooking }), { ...bought, command });
			const held = await hold;
			const refused = { outcome: "seats_taken", seats: [round] };
			if (held?.outcome === "held") {
				expect(revived).toEqual(refused);
				const confirmed = await test.seatStore.confirmBooking({ ...bought, bookingId: held.booking.id, userId });
				expect(confirmed.outcome).toBe("confirmed");
				wins.others += 1;
			} else {
				expect([revived.outcome, held]).toEqual(["confirmed", refused]);
				wins.staff += 1;
			}
		}
		await expectAgreement(showtime);
		const revivedHere = wins.staff - before;
		expect(await refundsAt(showtime)).toEqual([
			...(revivedHere < ROUNDS ? [{ booking: "CANCELLED", refund: "due", count: String(ROUNDS - revivedHere) }] : []),
			...(revivedHere > 0 ? [{ booking: "CONFIRMED", refund: "not_owed", count: String(revivedHere) }] : []),
		]);
	}
	console.log(`revive against hold: ${wins.staff} revived, ${wins.others} held`);
	expect(Math.min(wins.staff, wins.others)).toBeGreaterThan(0);
}, 600_000);

it(`a reseat and a hold of its new seat at the same moment have one owner, ${SHOWTIMES * ROUNDS} times`, async () => {
	const wins = tally();
	for (let at = 0; at < 2 * SHOWTIMES; at += 1) {
		const [showtime, rounds] = [await test.rebuiltShowtime(), ROUNDS / 2];
		const sold = await sellAll(showtime, rounds);
		// Of every other showtime the confirms are settled before the moves, and otherwise in the same batch.
		if (at % 2 === 0) await settle();
		for (const [round, bought] of sold.entries()) {
			const [seat, userId] = [rounds + round, userOf(ROUNDS + round)];
			const [reseated, held] = await race(
				round,
				() => test.seatStore.reseatBooking({ ...bought, command, seats: [seat], amounts: [1250] }),
				() => tryHold(test.seatStore, showtime, [seat], { userId }),
			);
			const refused = { outcome: "seats_taken", seats: [seat] };
			if (held.outcome === "held") {
				expect(reseated).toEqual(refused);
				const confirmed = await test.seatStore.confirmBooking({ ...bought, bookingId: held.booking.id, userId });
				expect(confirmed.outcome).toBe("confirmed");
				wins.others += 1;
			} else {
				expect([reseated.outcome, held]).toEqual(["reseated", refused]);
				wins.staff += 1;
			}
		}
		await expectAgreement(showtime);
		const owned = (await seatOwners(test.database, showtime.id)).map(({ bookingId }) => bookingId);
		expect(sold.every(({ bookingId }) => owned.filter((owner) => owner === bookingId).length === 1)).toBe(true);
	}
	console.log(`reseat against hold: ${wins.staff} reseated, ${wins.others} held`);
	expect(Math.min(wins.staff, wins.others)).toBeGreaterThan(0);
}, 600_000);

it(`a revive and the payment of its refund never both happen, ${SHOWTIMES * ROUNDS} times`, async () => {
	const wins = tally();
	for (let at = 0; at < SHOWTIMES; at += 1) {
		const showtime = await test.rebuiltShowtime();
		const sold = await sellAll(showtime, ROUNDS);
		for (const bought of sold) await test.seatStore.cancelByStaff({ ...bought, command, refundPercent: 100 });
		await settle();
		for (const [round, bought] of sold.entries()) {
			// As `PUT /admin/refunds/:bookingId` does: only a refund that is due is paid, under the lock of its row.
			const pay = () =>
				test.query(
					`update refunds set state = 'done', done_at = now() where booking_id = '${bought.bookingId}' and state = 'due' returning 1 as paid`,
				);
			const revive = () => driveRevive(deps(), { ...bought, command });
			// A few payments are over before the revive, so that both sides win on every machine.
			const first = round % 10 === 0 ? await pay() : null;
			const [revived, paid] = first === null ? await race(round, revive, pay) : [await revive(), first];
			expect([revived.outcome, paid.length]).toEqual(paid.length === 1 ? ["money_moved", 1] : ["confirmed", 0]);
			wins[paid.length === 1 ? "others" : "staff"] += 1;
			if (round % 10 === 0) await settle();
		}
		await expectAgreement(showtime);
		const states = (await refundsAt(showtime)).map(({ booking, refund }) => `${booking} ${refund}`);
		expect(["CANCELLED done", "CONFIRMED not_owed"]).toEqual(expect.arrayContaining(states));
	}
	console.log(`revive against payment: ${wins.staff} revived, ${wins.others} paid`);
	expect(Math.min(wins.staff, wins.others)).toBeGreaterThan(0);
}, 600_000);

it("two members of staff who revive one booking at the same moment revive it once", async () => {
	const showtime = await test.rebuiltShowtime();
	const sold = await sellAll(showtime, ROUNDS / 4);
	for (const bought of sold) await test.seatStore.cancelByStaff({ ...bought, command, refundPercent: 50 });
	await settle();
	for (const bought of sold) {
		const answers = await Promise.all([1, 2].map(() => driveRevive(deps(), { ...bought, command, ifVersion: 3 })));
		expect(answers).toEqual(
			[1, 2].map(() => expect.objectContaining({ outcome: "confirmed", booking: expect.objectContaining({ version: 4 }) })),
		);
	}
	await expectAgreement(showtime);
	expect(await refundsAt(showtime)).toEqual([{ booking: "CONFIRMED", refund: "not_owed", count: String(sold.length) }]);
	const events = await test.query(
		`select count(*)::text from booking_events e join bookings b on b.id = e.booking_id where b.showtime_id = '${showtime.id}'`,
	);
	expect(events).toEqual([{ count: String(3 * sold.length) }]);
});
