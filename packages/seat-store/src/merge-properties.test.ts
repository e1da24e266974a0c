/** What holds of a merge whatever the two stores say, also what no history of ours leads to. */
import { type BookingState, newBookingId, type ShowtimeSnapshot } from "@holdfast/domain";
import { howLong } from "@holdfast/testing";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type MergedShowtime, mergeSnapshot, type StandingShowtime } from "./merge-snapshot.ts";
import type { SeatOwner } from "./owner-entry.ts";
import { LIVE, ledgerOf, NOW, ownersOf, recordOf, SEATS, showtime, snapshotOf } from "./testing/merge-fixtures.ts";

const RUNS = howLong({ short: 500, long: 50_000 });
const IDS = Array.from({ length: 6 }, () => newBookingId(showtime.id));
const idArbitrary = fc.constantFrom(...IDS);
const seatArbitrary = fc.integer({ min: 0, max: SEATS - 1 });
const seatsArbitrary = fc.uniqueArray(seatArbitrary, { minLength: 1, maxLength: 3 }).map((seats) => seats.sort((a, b) => a - b));
const versionArbitrary = fc.integer({ min: 1, max: 4 });
const expiryArbitrary = fc.constantFrom(NOW - 1, NOW, LIVE, NOW + 60_000);

/** The server: any owner entries, and a record of any booking. */
const standingArbitrary = fc
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
	.map(({ owners, records, blockedSeats, showtimeVersion, isInstalled }): StandingShowtime => {
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

/** The ledger: each seat has one active owner at most, and a booking is confirmed when it has any. */
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

/** What a rebuild reads: records of bookings that own a seat or are in the ledger, and no others. */
function readAgain(standing: StandingShowtime, snapshot: ShowtimeSnapshot): StandingShowtime {
	const named = new Set([
		...[...standing.owners.values()].map(({ booking }) => booking),
		...snapshot.bookings.map(({ bookingId }) => bookingId),
	]);
	return { ...standing, records: new Map([...standing.records].filter(([id]) => named.has(id))) };
}

/** The server once a merge was installed on it. */
function installed(standing: StandingShowtime, merged: MergedShowtime): StandingShowtime {
	const records = new Map(standing.records);
	for (const { change, bookingId } of merged.changes) {
		const record = records.get(bookingId);
		if (change === "drop") records.delete(bookingId);
		if (change === "revoke" && record) records.set(bookingId, { ...record, expiresAt: standing.nowMs });
	}
	const owners = merged.ownerships.flatMap(({ booking, expiresAt, seats }) => seats.map((seat) => [seat, { booking, expiresAt }] as const));
	return { ...standing, showtime: merged.showtime, blockedSeats: merged.blockedSeats, owners: new Map(owners), records };
}

describe("whatever the two stores say", () => {
	const always = (name: string, holds: (standing: StandingShowtime, snapshot: ShowtimeSnapshot, merged: MergedShowtime) => void) =>
		it(name, () => {
			const property = fc.property(standingArbitrary, snapshotArbitrary, (any, snapshot) => {
				const standing = readAgain(any, snapshot);
				holds(standing, snapshot, mergeSnapshot(standing, snapshot));
			});
			fc.assert(property, { numRuns: RUNS });
		});

	/** The account of a booking that stands: the higher version, of equals the ledger's. */
	function accountOf(id: string, { records }: StandingShowtime, { bookings }: ShowtimeSnapshot) {
		const record = records.get(id);
		const ledger = bookings.find(({ bookingId }) => bookingId === id);
		return record && record.version > (ledger?.version ?? 0) ? { record } : { ledger };
	}

	always("each seat is owned once at most, in order, and is one of the plan", (_standing, _snapshot, { ownerships }) => {
		const seats = ownerships.flatMap((ownership) => ownership.seats);
		expect(new Set(seats).size).toBe(seats.length);
		for (const ownership of ownerships) {
			expect(ownership.seats.length).toBeGreaterThan(0);
			expect([...ownership.seats].sort((a, b) => a - b)).toEqual(ownership.seats);
			for (const seat of ownership.seats) expect(seat).toBeLessThan(SEATS);
		}
	});

	always("the ledger's owners keep their seats unless the server has a newer account of that booking", (standing, snapshot, merged) => {
		const owners = ownersOf(merged);
		for (const { bookingId, state, seats } of snapshot.bookings) {
			const { ledger } = accountOf(bookingId, standing, snapshot);
			if (ledger && state === "CONFIRMED") for (const seat of seats) expect(owners[seat]).toEqual([bookingId, 0]);
		}
	});

	always("what the server sold and the ledger has not heard of keeps every seat that is not the ledger's", (standing, snapshot, merged) => {
		const owners = ownersOf(merged);
		const isLedgers = (seat: number) =>
			snapshot.bookings.some(({ bookingId, seats }) => seats.includes(seat) && accountOf(bookingId, standing, snapshot).ledger);
		for (const [seat, { booking }] of standing.owners) {
			const { record } = accountOf(booking, standing, snapshot);
			if (record?.state === "CONFIRMED" && !isLedgers(seat)) expect(owners[seat]).toEqual([booking, 0]);
		}
	});

	always("a dead booking owns nothing", (standing, snapshot, { ownerships }) => {
		for (const { booking } of ownerships) {
			const { record, ledger } = accountOf(booking, standing, snapshot);
			expect(["CANCELLED", "CONFLICT"]).not.toContain(record?.state ?? ledger?.state);
			if (record?.state === "HELD" || record?.state === "PAYING") expect(record.expiresAt).toBeGreaterThan(NOW);
		}
	});

	always("a hold has all its seats or none; one that lives and has none is revoked", (standing, snapshot, { ownerships, changes }) => {
		for (const { expiresAt, seats, booking } of ownerships.filter((ownership) => ownership.expiresAt > 0)) {
			expect(standing.records.get(booking)).toMatchObject({ seats, expiresAt });
		}
		for (const record of standing.records.values()) {
			const isHold = record.state === "HELD" || record.state === "PAYING";
			const isMine = accountOf(record.id, standing, snapshot).record === record;
			if (!isHold || !isMine || record.expiresAt <= NOW) continue;
			const isKept = ownerships.some(({ booking }) => booking === record.id);
			const isRevoked = changes.some(({ change, bookingId }) => change === "revoke" && bookingId === record.id);
			expect(isKept).toBe(!isRevoked);
		}
	});

	always(
		"nothing is invented: each owner has the seat from the ledger, from the server, or from what is kept back",
		(standing, snapshot, merged) => {
			for (const [seat, [booking]] of Object.entries(ownersOf(merged))) {
				const isLedgers = snapshot.bookings.some(({ bookingId, seats }) => bookingId === booking && seats.includes(Number(seat)));
				const isServers = standing.owners.get(Number(seat))?.booking === booking && booking !== "Q";
				const isKeptBack = booking === "X" ? merged.blockedSeats.includes(Number(seat)) : booking === "Q" && snapshot.isQuarantined;
				expect(isLedgers || isServers || isKeptBack).toBe(true);
			}
		},
	);

	always(
		"a record is changed once at most, at the version it was read at, and told only if it was ever sold",
		(standing, _snapshot, merged) => {
			expect(new Set(merged.changes.map(({ bookingId }) => bookingId)).size).toBe(merged.changes.length);
			for (const { change, bookingId, version } of merged.changes) {
				const record = standing.records.get(bookingId);
				expect(record?.version).toBe(version);
				if (change === "reemit") expect(record?.confirmedAt).not.toBeNull();
			}
		},
	);

	always("what is sold anywhere is not free, unless the account of its booking that stands says so", (standing, snapshot, merged) => {
		const owners = ownersOf(merged);
		for (const [seat, { booking, expiresAt }] of standing.owners) {
			if (expiresAt > 0 || booking === "X" || booking === "Q") continue;
			const { record, ledger } = accountOf(booking, standing, snapshot);
			if (record === undefined && ledger === undefined) expect(owners[seat]).toBeDefined();
		}
	});

	always("in quarantine no seat is free", (_standing, snapshot, merged) => {
		if (snapshot.isQuarantined) expect(Object.keys(ownersOf(merged))).toHaveLength(SEATS);
	});

	always("merging again changes nothing", (standing, snapshot, merged) => {
		const next = readAgain(installed(standing, merged), snapshot);
		const again = mergeSnapshot(next, snapshot);
		expect(ownersOf(again)).toEqual(ownersOf(merged));
		expect([again.showtime, again.blockedSeats]).toEqual([merged.showtime, merged.blockedSeats]);
		// What it would tell again is in the outbox by then.
		expect(again.changes.filter(({ change }) => change !== "reemit")).toEqual([]);
	});
});
