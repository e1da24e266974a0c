/** For tests of the merge rule: accounts of the ledger and of a server, and what a merge came to. */
import {
	type Booking,
	type BookingId,
	type BookingState,
	newSeatPlanId,
	newUserId,
	type RecordedBooking,
	type ShowtimeSnapshot,
} from "@holdfast/domain";
import { buildShowtime } from "@holdfast/testing";
import type { CurrentShowtime, MergedShowtime } from "../merge-snapshot.ts";

/** The clock of the claim, and an instant behind it. */
export const NOW = 1_800_000_000_000;
export const LIVE = NOW + 1;
export const SEATS = 8;
export const showtime = buildShowtime({ seatCount: SEATS });
export const userId = newUserId();

/** A record of Redis: a live hold of version 1 unless told otherwise. */
export function recordOf(id: BookingId, seats: number[], wish: Partial<Booking> = {}): Booking {
	const hasBeenSold = wish.state === "CONFIRMED" || wish.state === "CANCELLED";
	return {
		id,
		userId,
		showtimeId: showtime.id,
		planId: newSeatPlanId(),
		seats,
		state: "HELD",
		version: 1,
		amounts: seats.map(() => 1),
		amount: seats.length,
		currency: "USD",
		createdAt: NOW - 1_000,
		expiresAt: LIVE,
		confirmedAt: hasBeenSold ? NOW - 500 : null,
		cancelledAt: null,
		recorded: false,
		scheduleVersion: 1,
		...wish,
	};
}

export const ledgerOf = (bookingId: BookingId, state: BookingState, version: number, seats: number[] = []): RecordedBooking => ({
	bookingId,
	userId,
	state,
	version,
	seats,
});

export type Owners = Record<number, [booking: string, expiresAt: number]>;

export function currentShowtimeOf(owners: Owners, records: Booking[] = [], wish: Partial<CurrentShowtime> = {}): CurrentShowtime {
	const entries = Object.entries(owners).map(([seat, [booking, expiresAt]]) => [Number(seat), { booking, expiresAt }] as const);
	return {
		nowMs: NOW,
		showtime,
		blockedSeats: [],
		owners: new Map(entries),
		records: new Map(records.map((record) => [record.id, record])),
		...wish,
	};
}

export const snapshotOf = (bookings: RecordedBooking[] = [], wish: Partial<ShowtimeSnapshot> = {}): ShowtimeSnapshot => ({
	showtime,
	blockedSeats: [],
	epoch: 2,
	isQuarantined: false,
	deadLetteredEntries: [],
	bookings,
	...wish,
});

/** Owner and expiry by seat. */
export const ownersOf = ({ ownerships }: MergedShowtime): Owners =>
	Object.fromEntries(ownerships.flatMap(({ booking, expiresAt, seats }) => seats.map((seat) => [seat, [booking, expiresAt]])));
