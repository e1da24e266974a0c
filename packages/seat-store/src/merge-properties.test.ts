/** Properties of a merge that hold for any content of the two stores, even content that cannot occur in practice. */
import { type BookingState, newBookingId, type ShowtimeSnapshot } from "@holdfast/domain";
import { byRunLength } from "@holdfast/testing";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type CurrentShowtime, type MergedShowtime, mergeSnapshot } from "./merge-snapshot.ts";
import type { SeatOwner } from "./owner-entry.ts";
import { LIVE, ledgerOf, NOW, ownersOf, recordOf, SEATS, showtime, snapshotOf } from "./testing/merge-fixtures.ts";

const RUNS = byRunLength({ short: 500, long: 50_000 });
const IDS = Array.from({ length: 6 }, () => newBookingId(showtime.id));
const idArbitrary = fc.constantFrom(...IDS);
const seatArbitrary = fc.integer({ min: 0, max: SEATS - 1 });
const seatsArbitrary = fc.uniqueArray(seatArbitrary, { minLength: 1, maxLength: 3 }).map((seats) => seats.sort((a, b) => a - b));
const versionArbitrary = fc.integer({ min: 1, max: 4 });
const expiryArbitrary = fc.constantFrom(NOW - 1, NOW, LIVE, NOW + 60_000);

/** The server: any owner entries, and a record for any booking. */
const currentArbitrary = fc
	.record({
		owners: fc.array(
			fc.option(
				fc.record({
					booking: fc.oneof({ weight: 6, arbitrary: idArbitrary }, { weight: 1, arbitrary: fc.constantFrom("X", "Q", "unknown") }),
					expiresAt: fc.oneof(fc.constant(0), expiryArbitrary),
				}),
			),
			{ minLength: SEATS, maxLength: SEATS },
		),
		records: fc.array(
			fc.option(
				fc.record({
					seats: seatsArbitrary,
					state: fc.constantFrom<BookingState>("HELD", "PAYING", "CONFIRMED", "CANCELLED", "CONFLICT"),
					version: versionArbitrary,
					expiresAt: expiryArbitrary,
					isConfirmed: fc.boolean(),
					ownsItsSeats: fc.boolean(),
				}),
			),
			{ minLength: IDS.length, maxLength: IDS.length },
		),
		blockedSeats: seatsArbitrary,
		showtimeVersion: versionArbitrary,
		isInstalled: fc.boolean(),
	})
	.map(({ owners, records, blockedSeats, showtimeVersion, isInstalled }): CurrentShowtime => {
		const ownerOf = new Map<number, SeatOwner>(owners.flatMap((owner, seat) => (owner === null ? [] : [[seat, owner] as const])));
		const known = records.flatMap((record, i) => {
			const id = IDS[i];
			if (record === null || id === undefined) return [];
			const { seats, state, version, expiresAt, isConfirmed, ownsItsSeats } = record;
			const isSold = state === "CONFIRMED";
			if (ownsItsSeats) for (const seat of seats) ownerOf.set(seat, { booking: id, expiresAt: isSold ? 0 : expiresAt });
			const hasBeenSold = isSold || (isConfirmed && state !== "HELD" && state !== "PAYING");
			return [recordOf(id, seats, { state, version, expiresAt, confirmedAt: hasBeenSold ? NOW - 1 : null })];
		});
		return {
			nowMs: NOW,
			showtime: isInstalled ? { ...showtime, showtimeVersion } : null,
			blockedSeats,
			owners: ownerOf,
			records: new Map(known.map((record) => [record.id, record])),
		};
	});

/** The ledger: each seat has at most one active owner, and a booking that owns a seat is confirmed. */
const snapshotArbitrary = fc
	.record({
		owners: fc.array(fc.option(fc.nat(IDS.length - 1), { freq: 2 }), { minLength: SEATS, maxLength: SEATS }),
		rest: fc.array(fc.constantFrom<BookingState | null>("CANCELLED", "CONFLICT", null), { minLength: IDS.length, maxLength: IDS.length }),
		versions: fc.array(versionArbitrary, { minLength: IDS.length, maxLength: IDS.length }),
		blockedSeats: seatsArbitrary,
		isQuarantined: fc.boolean(),
		showtimeVersion: versionArbitrary,
	})
	.map(({ owners, rest, versions, blockedSeats, isQuarantined, showtimeVersion }): ShowtimeSnapshot => {
		const bookings = IDS.flatMap((id, i) => {
			const seats = owners.flatMap((owner, seat) => (owner === i ? [seat] : []));
			const state = seats.length > 0 ? "CONFIRMED" : rest[i];
			return state ? [ledgerOf(id, state, versions[i] ?? 1, seats)] : [];
		});
		return snapshotOf(bookings, { blockedSeats, isQuarantined, showtime: { ...showtime, showtimeVersion } });
	});

/** Keeps only what a rebuild reads: the records of bookings that own a seat or are in the ledger. */
function readAgain(current: CurrentShowtime, snapshot: ShowtimeSnapshot): CurrentShowtime {
	const named = new Set([
		...[...current.owners.values()].map(({ booking }) => booking),
		...snapshot.bookings.map(({ bookingId }) => bookingId),
	]);
	return { ...current, records: new Map([...current.records].filter(([id]) => named.has(id))) };
}

/** The server after a merge was installed on it. */
function installed(current: CurrentShowtime, merged: MergedShowtime): CurrentShowtime {
	const records = new Map(current.records);
	for (const { change, bookingId } of merged.changes) {
		const record = records.get(bookingId);
		if (change === "drop") records.delete(bookingId);
		if (change === "revoke" && record) records.set(bookingId, { ...record, expiresAt: current.nowMs });
	}
	const owners = merged.ownerships.flatMap(({ booking, expiresAt, seats }) => seats.map((seat) => [seat, { booking, expiresAt }] as const));
	return { ...current, showtime: merged.showtime, blockedSeats: merged.blockedSeats, owners: new Map(owners), records };
}

describe("any merge of the two stores", () => {
	const always = (holds: (current: CurrentShowtime, snapshot: ShowtimeSnapshot, merged: MergedShowtime) => void) => () => {
		const property = fc.property(currentArbitrary, snapshotArbitrary, (any, snapshot) => {
			const current = readAgain(any, snapshot);
			holds(current, snapshot, mergeSnapshot(current, snapshot));
		});
		fc.assert(property, { numRuns: RUNS });
	};

	/** The winning copy of a booking: the higher version, and on a tie the ledger's. */
	function winningCopyOf(id: string, { records }: CurrentShowtime, { bookings }: ShowtimeSnapshot) {
		const record = records.get(id);
		const ledger = bookings.find(({ bookingId }) => bookingId === id);
		return record && record.version > (ledger?.version ?? 0) ? { record } : { ledger };
	}

	it(
		"assigns each seat of the plan at most once, in ascending order",
		always((_current, _snapshot, { ownerships }) => {
			const seats = ownerships.flatMap((ownership) => ownership.seats);
			expect(new Set(seats).size).toBe(seats.length);
			for (const ownership of ownerships) {
				expect(ownership.seats.length).toBeGreaterThan(0);
				expect([...ownership.seats].sort((a, b) => a - b)).toEqual(ownership.seats);
				for (const seat of ownership.seats) expect(seat).toBeLessThan(SEATS);
			}
		}),
	);

	it(
		"leaves seats to their owners in the ledger unless the server has a newer copy of the booking",
		always((current, snapshot, merged) => {
			const owners = ownersOf(merged);
			for (const { bookingId, state, seats } of snapshot.bookings) {
				const { ledger } = winningCopyOf(bookingId, current, snapshot);
				if (ledger && state === "CONFIRMED") for (const seat of seats) expect(owners[seat]).toEqual([bookingId, 0]);
			}
		}),
	);

	it(
		"leaves a sale that only the server has every seat that has no owner in the ledger",
		always((current, snapshot, merged) => {
			const owners = ownersOf(merged);
			const isLedgers = (seat: number) =>
				snapshot.bookings.some(({ bookingId, seats }) => seats.includes(seat) && winningCopyOf(bookingId, current, snapshot).ledger);
			for (const [seat, { booking }] of current.owners) {
				const { record } = winningCopyOf(booking, current, snapshot);
				if (record?.state === "CONFIRMED" && !isLedgers(seat)) expect(owners[seat]).toEqual([booking, 0]);
			}
		}),
	);

	it(
		"assigns no seat to a cancelled, conflicting or expired booking",
		always((current, snapshot, { ownerships }) => {
			for (const { booking } of ownerships) {
				const { record, ledger } = winningCopyOf(booking, current, snapshot);
				expect(["CANCELLED", "CONFLICT"]).not.toContain(record?.state ?? ledger?.state);
				if (record?.state === "HELD" || record?.state === "PAYING") expect(record.expiresAt).toBeGreaterThan(NOW);
			}
		}),
	);

	it(
		"keeps all seats of a live hold, or revokes the hold",
		always((current, snapshot, { ownerships, changes }) => {
			for (const { expiresAt, seats, booking } of ownerships.filter((ownership) => ownership.expiresAt > 0)) {
				expect(current.records.get(booking)).toMatchObject({ seats, expiresAt });
			}
			for (const record of current.records.values()) {
				const isHold = record.state === "HELD" || record.state === "PAYING";
				const isWinning = winningCopyOf(record.id, current, snapshot).record === record;
				if (!isHold || !isWinning || record.expiresAt <= NOW) continue;
				const isKept = ownerships.some(({ booking }) => booking === record.id);
				const isRevoked = changes.some(({ change, bookingId }) => change === "revoke" && bookingId === record.id);
				expect(isKept).toBe(!isRevoked);
			}
		}),
	);

	it(
		"assigns a seat only to an owner in the ledger or on the server, or as blocked or quarantined",
		always((current, snapshot, merged) => {
			for (const [seat, [booking]] of Object.entries(ownersOf(merged))) {
				const isLedgers = snapshot.bookings.some(({ bookingId, seats }) => bookingId === booking && seats.includes(Number(seat)));
				const isServers = current.owners.get(Number(seat))?.booking === booking && booking !== "Q";
				const isWithheld = booking === "X" ? merged.blockedSeats.includes(Number(seat)) : booking === "Q" && snapshot.isQuarantined;
				expect(isLedgers || isServers || isWithheld).toBe(true);
			}
		}),
	);

	it(
		"changes a record at most once, at the version that was read, and re-emits it only if it was ever confirmed",
		always((current, _snapshot, merged) => {
			expect(new Set(merged.changes.map(({ bookingId }) => bookingId)).size).toBe(merged.changes.length);
			for (const { change, bookingId, version } of merged.changes) {
				const record = current.records.get(bookingId);
				expect(record?.version).toBe(version);
				if (change === "reemit") expect(record?.confirmedAt).not.toBeNull();
			}
		}),
	);

	it(
		"frees no seat that the server sold to a booking without a record and without a row in the ledger",
		always((current, snapshot, merged) => {
			const owners = ownersOf(merged);
			for (const [seat, { booking, expiresAt }] of current.owners) {
				if (expiresAt > 0 || booking === "X" || booking === "Q") continue;
				const { record, ledger } = winningCopyOf(booking, current, snapshot);
				if (record === undefined && ledger === undefined) expect(owners[seat]).toBeDefined();
			}
		}),
	);

	it(
		"leaves no seat free in quarantine",
		always((_current, snapshot, merged) => {
			if (snapshot.isQuarantined) expect(Object.keys(ownersOf(merged))).toHaveLength(SEATS);
		}),
	);

	it(
		"changes nothing when its result is merged again",
		always((current, snapshot, merged) => {
			const next = readAgain(installed(current, merged), snapshot);
			const again = mergeSnapshot(next, snapshot);
			expect(ownersOf(again)).toEqual(ownersOf(merged));
			expect([again.showtime, again.blockedSeats]).toEqual([merged.showtime, merged.blockedSeats]);
			// A change that would be emitted again is in the outbox by then.
			expect(again.changes.filter(({ change }) => change !== "reemit")).toEqual([]);
		}),
	);
});
