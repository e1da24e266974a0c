/** The merge rule, case by case. */
import { type BookingId, newBookingId, newSeatPlanId, type OpenShowtime } from "@holdfast/domain";
import { describe, expect, it } from "vitest";
import { type MergedShowtime, mergeSnapshot, type RecordChange } from "./merge-snapshot.ts";
import {
	currentShowtimeOf,
	LIVE,
	ledgerOf,
	NOW,
	ownersOf,
	recordOf,
	SEATS,
	showtime,
	snapshotOf,
	userId,
} from "./testing/merge-fixtures.ts";

const [A, B, C] = [newBookingId(showtime.id), newBookingId(showtime.id), newBookingId(showtime.id)] as const;

const changesOf = ({ changes }: MergedShowtime): [RecordChange["change"], BookingId, number][] =>
	changes.map(({ change, bookingId, version }) => [change, bookingId, version]);

describe("mergeSnapshot of two copies of one booking", () => {
	it("uses the ledger's copy when the server has none", () => {
		const merged = mergeSnapshot(currentShowtimeOf({}), snapshotOf([ledgerOf(A, "CONFIRMED", 2, [1, 2])]));
		expect(merged.ownerships).toEqual([{ booking: A, userId, expiresAt: 0, seats: [1, 2] }]);
		expect(merged.changes).toEqual([]);
	});

	it("uses the ledger's copy when both are equal, and leaves the record unchanged", () => {
		const current = currentShowtimeOf({ 1: [A, 0] }, [recordOf(A, [1], { state: "CONFIRMED", version: 2, recorded: true })]);
		const merged = mergeSnapshot(current, snapshotOf([ledgerOf(A, "CONFIRMED", 2, [1])]));
		expect(ownersOf(merged)).toEqual({ 1: [A, 0] });
		expect(merged.changes).toEqual([]);
	});

	it("uses the ledger's copy when the versions are equal and the states differ, and drops the record", () => {
		const current = currentShowtimeOf({ 1: [A, 0] }, [recordOf(A, [1], { state: "CONFIRMED", version: 3 })]);
		const merged = mergeSnapshot(current, snapshotOf([ledgerOf(A, "CONFLICT", 3)]));
		expect(ownersOf(merged)).toEqual({});
		expect(changesOf(merged)).toEqual([["drop", A, 3]]);
	});

	it("uses the ledger's copy when it is newer, and drops the record", () => {
		const current = currentShowtimeOf({ 1: [A, LIVE], 2: [B, 0] }, [
			recordOf(A, [1]),
			recordOf(B, [2], { state: "CONFIRMED", version: 2, recorded: true }),
		]);
		const merged = mergeSnapshot(current, snapshotOf([ledgerOf(A, "CONFIRMED", 2, [1]), ledgerOf(B, "CANCELLED", 3)]));
		expect(ownersOf(merged)).toEqual({ 1: [A, 0] });
		expect(changesOf(merged)).toEqual([
			["drop", A, 1],
			["drop", B, 2],
		]);
	});

	it("uses the server's copy when it is newer: a cancellation that the ledger lacks frees the seat, and is re-emitted", () => {
		const cancelled = recordOf(A, [1], { state: "CANCELLED", version: 3, cancelledAt: NOW });
		const merged = mergeSnapshot(currentShowtimeOf({}, [cancelled]), snapshotOf([ledgerOf(A, "CONFIRMED", 2, [1])]));
		expect(ownersOf(merged)).toEqual({});
		expect(changesOf(merged)).toEqual([["reemit", A, 3]]);
	});

	it("uses the server's copy when the ledger has none: a sale keeps its seats, and is re-emitted", () => {
		const current = currentShowtimeOf({ 1: [A, 0], 2: [A, 0] }, [recordOf(A, [1, 2], { state: "CONFIRMED", version: 2 })]);
		const merged = mergeSnapshot(current, snapshotOf());
		expect(merged.ownerships).toEqual([{ booking: A, userId, expiresAt: 0, seats: [1, 2] }]);
		expect(changesOf(merged)).toEqual([["reemit", A, 2]]);
	});
});

describe("mergeSnapshot of an ended booking", () => {
	it.each(["CANCELLED", "CONFLICT"] as const)(
		"assigns no seat to a booking that is %s in the ledger, whatever the owner entries say",
		(state) => {
			const merged = mergeSnapshot(currentShowtimeOf({ 1: [A, 0] }), snapshotOf([ledgerOf(A, state, 3, [1])]));
			expect(ownersOf(merged)).toEqual({});
		},
	);

	it("assigns no seat to a released hold, and emits nothing", () => {
		const released = recordOf(A, [1], { state: "CANCELLED", version: 2, confirmedAt: null });
		const merged = mergeSnapshot(currentShowtimeOf({ 1: [A, LIVE] }, [released]), snapshotOf());
		expect([ownersOf(merged), merged.changes]).toEqual([{}, []]);
	});

	it.each([NOW, NOW - 1])(
		"assigns no seat to a hold that expired at %i (now 1800000000000), and leaves its record unchanged",
		(expiresAt) => {
			const merged = mergeSnapshot(currentShowtimeOf({ 1: [A, expiresAt] }, [recordOf(A, [1], { expiresAt })]), snapshotOf());
			expect([ownersOf(merged), merged.changes]).toEqual([{}, []]);
		},
	);

	it("assigns no seat to a hold without a record", () => {
		expect(ownersOf(mergeSnapshot(currentShowtimeOf({ 1: [A, LIVE] }), snapshotOf()))).toEqual({});
	});
});

describe("mergeSnapshot of two bookings that compete for one seat", () => {
	it("prefers the ledger's owner to a sale that the ledger lacks, which keeps its other seats and is re-emitted", () => {
		const current = currentShowtimeOf({ 1: [A, 0], 2: [A, 0] }, [recordOf(A, [1, 2], { state: "CONFIRMED", version: 2 })]);
		const merged = mergeSnapshot(current, snapshotOf([ledgerOf(B, "CONFIRMED", 2, [1])]));
		expect(ownersOf(merged)).toEqual({ 1: [B, 0], 2: [A, 0] });
		expect(changesOf(merged)).toEqual([["reemit", A, 2]]);
	});

	it("prefers the ledger's owner to a hold, which is revoked entirely", () => {
		const current = currentShowtimeOf({ 1: [A, LIVE], 2: [A, LIVE] }, [recordOf(A, [1, 2])]);
		const merged = mergeSnapshot(current, snapshotOf([ledgerOf(B, "CONFIRMED", 2, [2])]));
		expect(ownersOf(merged)).toEqual({ 2: [B, 0] });
		expect(changesOf(merged)).toEqual([["revoke", A, 1]]);
	});

	it("prefers a blocked seat to a hold, and a sale to a blocked seat", () => {
		const current = currentShowtimeOf({ 1: [A, LIVE], 2: [A, LIVE], 3: [B, 0] }, [
			recordOf(A, [1, 2]),
			recordOf(B, [3], { state: "CONFIRMED", version: 2 }),
		]);
		const terms = { ...showtime, showtimeVersion: 2 };
		const merged = mergeSnapshot(current, snapshotOf([ledgerOf(C, "CONFIRMED", 2, [4])], { showtime: terms, blockedSeats: [2, 3, 4, 5] }));
		expect(ownersOf(merged)).toEqual({ 2: ["X", 0], 3: [B, 0], 4: [C, 0], 5: ["X", 0] });
		expect(changesOf(merged)).toEqual([
			["reemit", B, 2],
			["revoke", A, 1],
		]);
	});

	it("revokes a hold that has already lost a seat to another hold, and keeps the other hold", () => {
		const current = currentShowtimeOf({ 1: [A, LIVE], 2: [B, LIVE] }, [recordOf(A, [1, 2]), recordOf(B, [2])]);
		const merged = mergeSnapshot(current, snapshotOf());
		expect(ownersOf(merged)).toEqual({ 2: [B, LIVE] });
		expect(changesOf(merged)).toEqual([["revoke", A, 1]]);
	});
});

describe("mergeSnapshot of a hold that keeps all its seats", () => {
	it.each(["HELD", "PAYING"] as const)("leaves a hold in state %s unchanged", (state) => {
		const merged = mergeSnapshot(currentShowtimeOf({ 1: [A, LIVE], 2: [A, LIVE] }, [recordOf(A, [1, 2], { state })]), snapshotOf());
		expect(merged.ownerships).toEqual([{ booking: A, userId, expiresAt: LIVE, seats: [1, 2] }]);
		expect(merged.changes).toEqual([]);
	});
});

describe("mergeSnapshot of a sale without a record", () => {
	it("keeps seats sold to a booking that neither the ledger nor a record knows", () => {
		const merged = mergeSnapshot(currentShowtimeOf({ 1: [A, 0], 2: ["unknown", 0] }), snapshotOf());
		expect(merged.ownerships).toEqual([
			{ booking: A, userId: "", expiresAt: 0, seats: [1] },
			{ booking: "unknown", userId: "", expiresAt: 0, seats: [2] },
		]);
	});
});

describe("mergeSnapshot of the showtime itself", () => {
	const terms = {
		...{ state: "paused" as const, priceVersion: 4, prices: { standard: 9 }, currency: "EUR" },
		...{ salesOpenAt: 1, salesCloseAt: 2, showtimeVersion: 5 },
	};
	const schedule = { startsAt: 3, endsAt: 4, scheduleVersion: 6 };
	const merge = (installed: OpenShowtime | null, ledgers: OpenShowtime) =>
		mergeSnapshot(
			currentShowtimeOf({}, [], { showtime: installed, blockedSeats: [1] }),
			snapshotOf([], { showtime: ledgers, blockedSeats: [2] }),
		);

	it("uses the ledger's showtime when it was never installed on the server", () => {
		expect(merge(null, showtime)).toMatchObject({ showtime, blockedSeats: [2], isLedgerBehind: false });
	});

	it("uses the ledger's showtime when the versions are equal", () => {
		const summary = { ...showtime.summary, timeZone: "Asia/Tokyo" };
		expect(merge({ ...showtime, summary }, showtime)).toMatchObject({ showtime, blockedSeats: [2], isLedgerBehind: false });
	});

	it("uses the server's terms, including blocked seats, when they are newer, and the ledger's schedule", () => {
		const merged = merge({ ...showtime, ...terms }, { ...showtime, ...schedule });
		expect(merged).toMatchObject({ showtime: { ...showtime, ...terms, ...schedule }, blockedSeats: [1], isLedgerBehind: true });
		expect(ownersOf(merged)).toEqual({ 1: ["X", 0] });
	});

	it("uses the server's schedule when it is newer, and the ledger's terms", () => {
		const merged = merge({ ...showtime, ...schedule }, { ...showtime, ...terms });
		expect(merged).toMatchObject({ showtime: { ...showtime, ...terms, ...schedule }, blockedSeats: [2], isLedgerBehind: true });
	});

	it("always uses plan, seat count and summary of the ledger", () => {
		const installed = { ...showtime, ...terms, ...schedule, planId: newSeatPlanId(), seatCount: 1 };
		expect(merge(installed, showtime).showtime).toMatchObject({ planId: showtime.planId, seatCount: SEATS, summary: showtime.summary });
	});
});

it("quarantine withholds exactly the free seats", () => {
	const current = currentShowtimeOf({ 0: [A, LIVE], 1: [B, 0], 2: ["Q", 0] }, [
		recordOf(A, [0]),
		recordOf(B, [1], { state: "CONFIRMED", version: 2 }),
	]);
	const notInstalled = { ...current, showtime: null };
	const merged = mergeSnapshot(notInstalled, snapshotOf([], { isQuarantined: true, blockedSeats: [3] }));
	expect(ownersOf(merged)).toEqual({
		...{ 0: [A, LIVE], 1: [B, 0], 2: ["Q", 0], 3: ["X", 0] },
		...{ 4: ["Q", 0], 5: ["Q", 0], 6: ["Q", 0], 7: ["Q", 0] },
	});
	expect(ownersOf(mergeSnapshot(current, snapshotOf()))).not.toHaveProperty("2");
});

it("mergeSnapshot changes neither of its arguments", () => {
	const current = currentShowtimeOf({ 1: [A, 0] }, [recordOf(A, [1], { state: "CONFIRMED", version: 2 })]);
	const snapshot = snapshotOf([ledgerOf(B, "CONFIRMED", 2, [3, 2])]);
	const before = structuredClone([current, snapshot]);
	mergeSnapshot(current, snapshot);
	expect([current, snapshot]).toEqual(before);
});
