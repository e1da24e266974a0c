/** Compares a showtime in both stores with the reference model. For tests only. */
import { seatOwners } from "@holdfast/database";
import { type OpenShowtime, refundOf, type ShowtimeId, sumOf } from "@holdfast/domain";
import type { ReferenceModel } from "@holdfast/proofs";
import { expect } from "vitest";
import type { TestSweeper } from "./open-test-sweeper.ts";

/**
 * Compares bookings, owners and seat statuses of the seat store with the model, and the store's seats with each other. Reading the seat map
 * reaps expired holds, and a reaped hold cannot show a fault any more; so the map is not read after each step.
 */
export async function expectAgreement(
	{ seatStore }: TestSweeper,
	model: ReferenceModel,
	{ id: showtimeId, seatCount }: OpenShowtime,
	{ readsMap }: { readsMap: boolean },
): Promise<void> {
	for (const { id, isLoaded, state, version, expiresAt, seats: booked, amounts, recordedVersion } of model.bookings) {
		const record = await seatStore.readBooking(id);
		if (!isLoaded) expect(record).toBeNull();
		else expect(record).toMatchObject({ state, version, expiresAt, seats: booked, amounts });
		if (recordedVersion === version && record !== null) expect(record.recorded).toBe(true);
	}
	const { owners, statuses } = await seatStore.inspectSeats(showtimeId);
	const projected = Array.from({ length: seatCount }, () => "A");
	for (const { seat: at, bookingId, expiresAt } of owners) projected[at] = bookingId === "X" ? "X" : expiresAt === 0 ? "S" : "H";
	expect(statuses).toBe(projected.join(""));
	// An expired hold does not own its seats, whether or not it was reaped.
	const current = owners.filter(({ expiresAt }) => expiresAt === 0 || model.nowMs() < expiresAt);
	expect(current.map(({ seat: at, bookingId, expiresAt }) => `${at} ${bookingId} ${expiresAt}`)).toEqual(model.owners());
	if (!readsMap) return;
	const map = await seatStore.readSeatMap(showtimeId);
	if (model.isFenced()) expect(map).toEqual({ outcome: "fenced" });
	else expect(map).toMatchObject({ outcome: "read", statuses: model.statuses(), earliestExpiryAt: model.earliestExpiryAt() });
}

/**
 * Compares the ledger with the model after a settling: the owner of each seat, exactly one event for each transition from the confirm on,
 * and what is owed.
 */
export async function expectLedgerAgreement(test: TestSweeper, model: ReferenceModel, showtimeId: ShowtimeId): Promise<void> {
	const owners = await seatOwners(test.database, showtimeId);
	const inOrder = (seats: readonly { seat: number; bookingId: string }[]) =>
		seats.map(({ seat: at, bookingId }) => `${at} ${bookingId}`).sort();
	expect(inOrder(owners)).toEqual(inOrder(model.sold()));
	const events = await test.query(
		`select e.booking_id, e.version::text, e.type from booking_events e join bookings b on b.id = e.booking_id
			where b.showtime_id = '${showtimeId}' order by e.booking_id, e.version`,
	);
	const expected = model.bookings
		.filter(({ wasConfirmed }) => wasConfirmed)
		.toSorted((a, b) => (a.id < b.id ? -1 : 1))
		.flatMap(({ id, events: own }) => own.map(({ type, version }) => ({ booking_id: id, version: String(version), type })));
	expect(events).toEqual(expected);
	await expectRefunds(test, model, showtimeId);
}

/** Compares what is owed: each booking that staff cancelled has its refund, and nothing else is owed or withheld. */
async function expectRefunds(test: TestSweeper, model: ReferenceModel, showtimeId: ShowtimeId): Promise<void> {
	const rows = await test.query(
		`select booking_id, state, amount::text from refunds where showtime_id = '${showtimeId}' and state <> 'not_owed' order by booking_id`,
	);
	const owed = model.bookings
		.map(({ id, amounts, refundPercent }) => ({ booking_id: id, state: "due", amount: String(refundOf(sumOf(amounts), refundPercent)) }))
		.filter(({ amount }) => amount !== "0");
	expect(rows).toEqual(owed.toSorted((a, b) => (a.booking_id < b.booking_id ? -1 : 1)));
}
