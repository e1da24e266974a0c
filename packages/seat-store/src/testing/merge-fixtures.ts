/** Test builders for the two inputs of `mergeSnapshot`, the state in Redis and the ledger's snapshot, and a reader of its result. */
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

/** The clock of the claim, epoch ms. */
export const NOW = 1_800_000_000_000;
/** An expiry at which a hold is live at `NOW`. */
export const LIVE = NOW + 1;
/** The number of seats of `showtime`. */
export const SEATS = 8;
/** The showtime that the builders below use. */
export const showtime = buildShowtime({ seatCount: SEATS });
/** The user of every booking that the builders below make. */
export const userId = newUserId();

/** Builds a booking record of Redis: a live hold of version 1, with `overrides`. */
export function recordOf(id: BookingId, seats: number[], overrides: Partial<Booking> = {}): Booking {
	const hasBeenSold = overrides.state === "CONFIRMED" || overrides.state === "CANCELLED";
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
		...overrides,
	};
}

/** Builds a booking as the ledger has recorded it. */
export const ledgerOf = (bookingId: BookingId, state: BookingState, version: number, seats: number[] = []): RecordedBooking => ({
	bookingId,
	userId,
	state,
	version,
	seats,
});

/** Owner entries by seat index: booking id, X or Q, and expiry (0: none). */
export type Owners = Record<number, [booking: string, expiresAt: number]>;

/** Builds the state in Redis: these owner entries and booking records. */
export function currentShowtimeOf(owners: Owners, records: Booking[] = [], overrides: Partial<CurrentShowtime> = {}): CurrentShowtime {
	const entries = Object.entries(owners).map(([seat, [booking, expiresAt]]) => [Number(seat), { booking, expiresAt }] as const);
	return {
		nowMs: NOW,
		showtime,
		blockedSeats: [],
		owners: new Map(entries),
		records: new Map(records.map((record) => [record.id, record])),
		...overrides,
	};
}

/** Builds the ledger's snapshot: these bookings, nothing blocked, no quarantine. */
export const snapshotOf = (bookings: RecordedBooking[] = [], overrides: Partial<ShowtimeSnapshot> = {}): ShowtimeSnapshot => ({
	showtime,
	blockedSeats: [],
	epoch: 2,
	isQuarantined: false,
	deadLetteredEntries: [],
	bookings,
	...overrides,
});

/** The owner entries that a merge decided on. */
export const ownersOf = ({ ownerships }: MergedShowtime): Owners =>
	Object.fromEntries(ownerships.flatMap(({ booking, expiresAt, seats }) => seats.map((seat) => [seat, [booking, expiresAt]])));
