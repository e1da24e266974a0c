/** A storm of overlapping multi-seat holds while holds lapse, are released, confirmed and cancelled. */
import { type Claim, findOverlaps } from "@holdfast/testing";
import { afterAll, beforeAll, expect, it } from "vitest";
import { insist } from "./live-buyers.ts";
import { type Answer, type Buyer, openTestStack, type TestStack } from "./open-test-stack.ts";

const CLIENTS = 64;
const DURATION_MS = 10_000;
const HOLD_TTL_MS = 1_000;
const SEATS_PER_ROW = 10;

let test: TestStack;
beforeAll(async () => {
	test = await openTestStack({ HOLD_TTL_MS: String(HOLD_TTL_MS), WORKERS: "2" });
});
afterAll(() => test.close());

/** A small generator with a seed: a storm can be told again. */
function randomFrom(seed: number): (below: number) => number {
	let state = seed;
	return (below) => {
		state = (state * 1_664_525 + 1_013_904_223) % 4_294_967_296;
		return Math.floor((state / 4_294_967_296) * below);
	};
}

const labelOf = (seat: number): string => `${String.fromCharCode(65 + Math.floor(seat / SEATS_PER_ROW))}${(seat % SEATS_PER_ROW) + 1}`;

it("gives no seat two owners, places no hold in part, and leaves map, owners and ledger agreeing", async () => {
	const showtimeId = await test.showtime();
	const claims: Claim[] = [];
	const counts = { held: 0, refused: 0, confirmed: 0, cancelled: 0, released: 0, lapsed: 0 };
	const unexpected: Answer[] = [];
	const faults: Record<string, number> = {};
	const endsAt = Date.now() + DURATION_MS;

	async function live(buyer: Buyer, seed: number): Promise<void> {
		const random = randomFrom(seed);
		let round = 0;
		while (Date.now() < endsAt) {
			const size = 1 + random(4);
			const first = random(40 - size);
			const seats = Array.from({ length: size }, (_, i) => first + i);
			round += 1;
			const key = { "idempotency-key": `${seed}-${round}` };
			const held = await insist(faults, () => buyer.hold(showtimeId, seats.map(labelOf), key));
			if (held.status !== 201) {
				counts.refused += 1;
				if (held.status !== 409) unexpected.push(held);
				continue;
			}
			counts.held += 1;
			const fromMs = Date.now();
			const expiresAt = Date.parse(String(held.body.expiresAt));
			const bookingId = String(held.body.id);
			const claim = (untilMs: number): void =>
				void claims.push(...(fromMs < untilMs ? seats.map((seat) => ({ seat, bookingId, fromMs, untilMs })) : []));
			const fate = random(4);
			if (fate === 0) {
				claim(expiresAt);
				counts.lapsed += 1;
			} else if (fate === 1) {
				claim(Math.min(Date.now(), expiresAt));
				const released = await insist(faults, () => buyer.cancel(bookingId));
				if (released.status === 200) counts.released += 1;
				else unexpected.push(released);
			} else {
				const confirmed = await insist(faults, () => buyer.confirm(bookingId));
				if (confirmed.status === 200) {
					counts.confirmed += 1;
					claim(Date.now());
					const cancelled = await insist(faults, () => buyer.cancel(bookingId));
					if (cancelled.status === 200) counts.cancelled += 1;
					else unexpected.push(cancelled);
				} else {
					claim(expiresAt);
					if (confirmed.status !== 410) unexpected.push(confirmed);
				}
			}
		}
	}

	const buyers = await test.buyers(CLIENTS);
	const storm = Promise.all(buyers.map((buyer, client) => live(buyer, client + 1)));
	const seenMidway: string[] = [];
	while (Date.now() < endsAt) seenMidway.push(...(await test.proof.partialHolds(showtimeId)), ...(await test.proof.mapFlaws(showtimeId)));
	await storm;
	expect(seenMidway).toEqual([]);
	console.log(`storm: ${JSON.stringify(counts)}, faults: ${JSON.stringify(faults)}`);
	expect(unexpected.map(({ status, code }) => `${status} ${code}`)).toEqual([]);
	expect(findOverlaps(claims)).toEqual([]);
	for (const count of Object.values(counts)) expect(count).toBeGreaterThan(0);

	await test.proof.drained(20_000);
	expect(await test.proof.flaws(showtimeId)).toEqual([]);
	const rows = await test.query(`select count(*) as seats from booking_seats where showtime_id = '${showtimeId}' and released_at is null`);
	expect(rows[0]?.seats).toBe("0");
});
