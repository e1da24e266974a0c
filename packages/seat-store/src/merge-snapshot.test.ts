import { type BookingId, newBookingId, newSeatPlanId, type OpenShowtime } from "@holdfast/domain";
import { describe, expect, it } from "vitest";
import { type MergedShowtime, mergeSnapshot, type RecordChange } from "./merge-snapshot.ts";
import { LIVE, ledgerOf, NOW, ownersOf, recordOf, SEATS, showtime, snapshotOf, standingOf, userId } from "./testing/merge-fixtures.ts";

const [A, B, C] = [newBookingId(showtime.id), newBookingId(showtime.id), newBookingId(showtime.id)] as const;

const changesOf = ({ changes }: MergedShowtime): [RecordChange["change"], BookingId, number][] =>
	changes.map(({ change, bookingId, version }) => [change, bookingId, version]);

describe("of two accounts of one booking", () => {
	it("the ledger's stands when only the ledger has one", () => {
		const merged = mergeSnapshot(standingOf({}), snapshotOf([ledgerOf(A, "CONFIRMED", 2, [1, 2])]));
		expect(merged.ownerships).toEqual([{ booking: A, userId, expiresAt: 0, seats: [1, 2] }]);
		expect(merged.changes).toEqual([]);
	});

	it("the ledger's stands when it is as new, and the record is left alone", () => {
		const standing = standingOf({ 1: [A, 0] }, [recordOf(A, [1], { state: "CONFIRMED", version: 2, recorded: true })]);
		const merged = mergeSnapshot(standing, snapshotOf([ledgerOf(A, "CONFIRMED", 2, [1])]));
		expect(ownersOf(merged)).toEqual({ 1: [A, 0] });
		expect(merged.changes).toEqual([]);
	});

	it("the ledger's stands when it is as new and says something else: the record is dropped", () => {
		const standing = standingOf({ 1: [A, 0] }, [recordOf(A, [1], { state: "CONFIRMED", version: 3 })]);
		const merged = mergeSnapshot(standing, snapshotOf([ledgerOf(A, "CONFLICT", 3)]));
		expect(ownersOf(merged)).toEqual({});
		expect(changesOf(merged)).toEqual([["drop", A, 3]]);
	});

	it("the ledger's stands when it is newer: the record is dropped", () => {
		const standing = standingOf({ 1: [A, LIVE], 2: [B, 0] }, [
			recordOf(A, [1]),
			recordOf(B, [2], { state: "CONFIRMED", version: 2, recorded: true }),
		]);
		const merged = mergeSnapshot(standing, snapshotOf([ledgerOf(A, "CONFIRMED", 2, [1]), ledgerOf(B, "CANCELLED", 3)]));
		expect(ownersOf(merged)).toEqual({ 1: [A, 0] });
		expect(changesOf(merged)).toEqual([
			["drop", A, 1],
			["drop", B, 2],
		]);
	});

	it("the server's stands when it is newer: a cancel that the ledger has not heard of frees the seat, and is told", () => {
		const cancelled = recordOf(A, [1], { state: "CANCELLED", version: 3, cancelledAt: NOW });
		const merged = mergeSnapshot(standingOf({}, [cancelled]), snapshotOf([ledgerOf(A, "CONFIRMED", 2, [1])]));
		expect(ownersOf(merged)).toEqual({});
		expect(changesOf(merged)).toEqual([["reemit", A, 3]]);
	});

	it("the server's stands when only the server has one: a sale keeps its seats, and is told", () => {
		const standing = standingOf({ 1: [A, 0], 2: [A, 0] }, [recordOf(A, [1, 2], { state: "CONFIRMED", version: 2 })]);
		const merged = mergeSnapshot(standing, snapshotOf());
		expect(merged.ownerships).toEqual([{ booking: A, userId, expiresAt: 0, seats: [1, 2] }]);
		expect(changesOf(merged)).toEqual([["reemit", A, 2]]);
	});
});

describe("a booking that is dead owns nothing", () => {
	it.each(["CANCELLED", "CONFLICT"] as const)("when the ledger says %s, whatever the owners say", (state) => {
		const merged = mergeSnapshot(standingOf({ 1: [A, 0] }), snapshotOf([ledgerOf(A, state, 3, [1])]));
		expect(ownersOf(merged)).toEqual({});
	});

	it("when its hold was released, without a word to the ledger", () => {
		const released = recordOf(A, [1], { state: "CANCELLED", version: 2, confirmedAt: null });
		const merged = mergeSnapshot(standingOf({ 1: [A, LIVE] }, [released]), snapshotOf());
		expect([ownersOf(merged), merged.changes]).toEqual([{}, []]);
	});

	it.each([NOW, NOW - 1])("when its hold has lapsed (at %i, now 1800000000000), and the record stays as it is", (expiresAt) => {
		const merged = mergeSnapshot(standingOf({ 1: [A, expiresAt] }, [recordOf(A, [1], { expiresAt })]), snapshotOf());
		expect([ownersOf(merged), merged.changes]).toEqual([{}, []]);
	});

	it("when nobody knows its hold", () => {
		expect(ownersOf(mergeSnapshot(standingOf({ 1: [A, LIVE] }), snapshotOf()))).toEqual({});
	});
});

describe("of two bookings that compete for one seat", () => {
	it("the ledger's owner wins over a sale that the ledger has not heard of, which keeps its other seats and is told", () => {
		const standing = standingOf({ 1: [A, 0], 2: [A, 0] }, [recordOf(A, [1, 2], { state: "CONFIRMED", version: 2 })]);
		const merged = mergeSnapshot(standing, snapshotOf([ledgerOf(B, "CONFIRMED", 2, [1])]));
		expect(ownersOf(merged)).toEqual({ 1: [B, 0], 2: [A, 0] });
		expect(changesOf(merged)).toEqual([["reemit", A, 2]]);
	});

	it("the ledger's owner wins over a hold, which is revoked whole", () => {
		const standing = standingOf({ 1: [A, LIVE], 2: [A, LIVE] }, [recordOf(A, [1, 2])]);
		const merged = mergeSnapshot(standing, snapshotOf([ledgerOf(B, "CONFIRMED", 2, [2])]));
		expect(ownersOf(merged)).toEqual({ 2: [B, 0] });
		expect(changesOf(merged)).toEqual([["revoke", A, 1]]);
	});

	it("what is blocked wins over a hold, and loses to a sale", () => {
		const standing = standingOf({ 1: [A, LIVE], 2: [A, LIVE], 3: [B, 0] }, [
			recordOf(A, [1, 2]),
			recordOf(B, [3], { state: "CONFIRMED", version: 2 }),
		]);
		const terms = { ...showtime, showtimeVersion: 2 };
		const merged = mergeSnapshot(standing, snapshotOf([ledgerOf(C, "CONFIRMED", 2, [4])], { showtime: terms, blockedSeats: [2, 3, 4, 5] }));
		expect(ownersOf(merged)).toEqual({ 2: ["X", 0], 3: [B, 0], 4: [C, 0], 5: ["X", 0] });
		expect(changesOf(merged)).toEqual([
			["reemit", B, 2],
			["revoke", A, 1],
		]);
	});

	it("a hold that had lost a seat to the next buyer already is revoked, the next buyer's stands", () => {
		const standing = standingOf({ 1: [A, LIVE], 2: [B, LIVE] }, [recordOf(A, [1, 2]), recordOf(B, [2])]);
		const merged = mergeSnapshot(standing, snapshotOf());
		expect(ownersOf(merged)).toEqual({ 2: [B, LIVE] });
		expect(changesOf(merged)).toEqual([["revoke", A, 1]]);
	});
});

describe("a hold that keeps all its seats", () => {
	it.each(["HELD", "PAYING"] as const)("stands as it is (%s)", (state) => {
		const merged = mergeSnapshot(standingOf({ 1: [A, LIVE], 2: [A, LIVE] }, [recordOf(A, [1, 2], { state })]), snapshotOf());
		expect(merged.ownerships).toEqual([{ booking: A, userId, expiresAt: LIVE, seats: [1, 2] }]);
		expect(merged.changes).toEqual([]);
	});
});

describe("what was sold is not sold again", () => {
	it("when neither the ledger nor a record knows to whom", () => {
		const merged = mergeSnapshot(standingOf({ 1: [A, 0], 2: ["somebody", 0] }), snapshotOf());
		expect(merged.ownerships).toEqual([
			{ booking: A, userId: "", expiresAt: 0, seats: [1] },
			{ booking: "somebody", userId: "", expiresAt: 0, seats: [2] },
		]);
	});
});

describe("the showtime itself", () => {
	const terms = {
		...{ state: "paused" as const, priceVersion: 4, prices: { standard: 9 }, currency: "EUR" },
		...{ salesOpenAt: 1, salesCloseAt: 2, showtimeVersion: 5 },
	};
	const schedule = { startsAt: 3, endsAt: 4, scheduleVersion: 6 };
	const merge = (here: OpenShowtime | null, ledgers: OpenShowtime) =>
		mergeSnapshot(standingOf({}, [], { showtime: here, blockedSeats: [1] }), snapshotOf([], { showtime: ledgers, blockedSeats: [2] }));

	it("is the ledger's when it never stood here", () => {
		expect(merge(null, showtime)).toMatchObject({ showtime, blockedSeats: [2], isLedgerBehind: false });
	});

	it("is the ledger's at equal versions", () => {
		const summary = { ...showtime.summary, timeZone: "Asia/Tokyo" };
		expect(merge({ ...showtime, summary }, showtime)).toMatchObject({ showtime, blockedSeats: [2], isLedgerBehind: false });
	});

	it("has the server's terms, blocked seats among them, where those are newer, and the ledger's schedule", () => {
		const merged = merge({ ...showtime, ...terms }, { ...showtime, ...schedule });
		expect(merged).toMatchObject({ showtime: { ...showtime, ...terms, ...schedule }, blockedSeats: [1], isLedgerBehind: true });
		expect(ownersOf(merged)).toEqual({ 1: ["X", 0] });
	});

	it("has the server's schedule where that is newer, and the ledger's terms", () => {
		const merged = merge({ ...showtime, ...schedule }, { ...showtime, ...terms });
		expect(merged).toMatchObject({ showtime: { ...showtime, ...terms, ...schedule }, blockedSeats: [2], isLedgerBehind: true });
	});

	it("takes plan, seats and summary from the ledger in any case", () => {
		const here = { ...showtime, ...terms, ...schedule, planId: newSeatPlanId(), seatCount: 1 };
		expect(merge(here, showtime).showtime).toMatchObject({ planId: showtime.planId, seatCount: SEATS, summary: showtime.summary });
	});
});

it("quarantine keeps back what is free, and nothing else", () => {
	const standing = standingOf({ 0: [A, LIVE], 1: [B, 0], 2: ["Q", 0] }, [
		recordOf(A, [0]),
		recordOf(B, [1], { state: "CONFIRMED", version: 2 }),
	]);
	const here = { ...standing, showtime: null };
	const merged = mergeSnapshot(here, snapshotOf([], { isQuarantined: true, blockedSeats: [3] }));
	expect(ownersOf(merged)).toEqual({
		...{ 0: [A, LIVE], 1: [B, 0], 2: ["Q", 0], 3: ["X", 0] },
		...{ 4: ["Q", 0], 5: ["Q", 0], 6: ["Q", 0], 7: ["Q", 0] },
	});
	expect(ownersOf(mergeSnapshot(standing, snapshotOf()))).not.toHaveProperty("2");
});

it("neither account is changed by it", () => {
	const standing = standingOf({ 1: [A, 0] }, [recordOf(A, [1], { state: "CONFIRMED", version: 2 })]);
	const snapshot = snapshotOf([ledgerOf(B, "CONFIRMED", 2, [3, 2])]);
	const before = structuredClone([standing, snapshot]);
	mergeSnapshot(standing, snapshot);
	expect([standing, snapshot]).toEqual(before);
});
