/**
 * The merge rule: who owns which seat after a rebuild, when the ledger says one thing and a Redis server another. Pure, so
 * that it can be read and tested as a whole. Source: docs/adr/0010.
 *
 * 1. Of two accounts of one booking the higher version stands; of equals the ledger's.
 * 2. A booking whose account says that it is cancelled, lost or lapsed owns nothing.
 * 3. The ledger's owner of a seat wins. What Redis sold and the ledger has not heard of comes next: its event is in the
 *    outbox, or is emitted again; then what is blocked. A hold comes last; one that lost any of its seats is revoked whole.
 * 4. Terms and schedule of the showtime: of each the higher version stands.
 */
import type { Booking, BookingId, OpenShowtime, ShowtimeSnapshot } from "@holdfast/domain";
import type { SeatOwner } from "./owner-entry.ts";

/** What the server holds of a showtime whose seats are frozen. */
export type StandingShowtime = {
	readonly nowMs: number;
	/** Null when it was never installed here. */
	readonly showtime: OpenShowtime | null;
	readonly blockedSeats: readonly number[];
	readonly owners: ReadonlyMap<number, SeatOwner>;
	/** Records of every booking that owns a seat here or is in the ledger, as far as there are any. */
	readonly records: ReadonlyMap<string, Booking>;
};

/** Seats and the booking that owns them. `userId` is "" for blocked and quarantined seats, and for an owner that is unknown. */
export type SeatOwnership = {
	readonly booking: string;
	readonly userId: string;
	readonly expiresAt: number;
	readonly seats: readonly number[];
};

/** `revoke`: the hold expires now. `drop`: the ledger's copy is newer. `reemit`: its event is emitted again if the ledger lacks it. */
export type RecordChange = { readonly change: "revoke" | "drop" | "reemit"; readonly bookingId: BookingId; readonly version: number };

export type MergedShowtime = {
	readonly showtime: OpenShowtime;
	readonly blockedSeats: readonly number[];
	/** Every seat that is not free, once. */
	readonly ownerships: readonly SeatOwnership[];
	readonly changes: readonly RecordChange[];
	/** The server knows a change of the showtime itself that the ledger does not. */
	readonly isLedgerBehind: boolean;
};

export function mergeSnapshot(standing: StandingShowtime, snapshot: ShowtimeSnapshot): MergedShowtime {
	const seats = createSeatTable(standing.owners);
	const changes: RecordChange[] = [];
	const note = (change: RecordChange["change"], { id, version }: Booking) => changes.push({ change, bookingId: id, version });
	const recorded = new Map<string, (typeof snapshot.bookings)[number]>(snapshot.bookings.map((booking) => [booking.bookingId, booking]));
	const isNewer = (record: Booking) => record.version > (recorded.get(record.id)?.version ?? 0);

	for (const booking of snapshot.bookings) {
		const record = standing.records.get(booking.bookingId);
		if (record !== undefined && isNewer(record)) continue;
		if (record !== undefined && (record.version < booking.version || record.state !== booking.state)) note("drop", record);
		if (booking.state === "CONFIRMED") seats.give(booking.bookingId, booking.userId, 0, booking.seats);
	}
	const newer = [...standing.records.values()].filter(isNewer);
	for (const record of newer.filter((known) => known.confirmedAt !== null)) {
		note("reemit", record);
		if (record.state === "CONFIRMED") seats.give(record.id, record.userId, 0, seats.ownedBy(record.id));
	}
	// Sold, and neither the ledger nor a record knows to whom: what was sold is not sold again.
	for (const [booking, owned] of seats.soldUnder()) {
		if (!standing.records.has(booking) && !recorded.has(booking)) seats.give(booking, "", 0, owned);
	}
	const { showtime, blockedSeats, isLedgerBehind } = mergeShowtime(standing, snapshot);
	seats.give("X", "", 0, blockedSeats);
	for (const record of newer.filter((known) => known.state === "HELD" || known.state === "PAYING")) {
		if (standing.nowMs >= record.expiresAt) continue;
		if (record.seats.every((seat) => seats.isStill(seat, record.id))) {
			seats.give(record.id, record.userId, record.expiresAt, record.seats);
		} else {
			note("revoke", record);
		}
	}
	if (snapshot.isQuarantined) {
		seats.give(
			"Q",
			"",
			0,
			Array.from({ length: showtime.seatCount }, (_, seat) => seat),
		);
	}
	return { showtime, blockedSeats, ownerships: seats.ownerships, changes, isLedgerBehind };
}

/** Hands out each seat once, first come first served. */
function createSeatTable(owners: StandingShowtime["owners"]) {
	const ownerships: SeatOwnership[] = [];
	const taken = new Set<number>();
	const byBooking = Map.groupBy(owners, ([, owner]) => owner.booking);
	return {
		ownerships,
		/** Give those of `seats` that are not given yet. */
		give(booking: string, userId: string, expiresAt: number, seats: readonly number[]): void {
			const free = seats.filter((seat) => !taken.has(seat)).sort((a, b) => a - b);
			for (const seat of free) taken.add(seat);
			if (free.length > 0) ownerships.push({ booking, userId, expiresAt, seats: free });
		},
		/** Whether the server has this booking as the seat's owner and nobody was given it. */
		isStill: (seat: number, booking: string): boolean => owners.get(seat)?.booking === booking && !taken.has(seat),
		ownedBy: (booking: string): number[] => (byBooking.get(booking) ?? []).map(([seat]) => seat),
		/** Bookings that the server has sold seats to, with those seats. */
		soldUnder: (): [string, number[]][] =>
			[...byBooking]
				.filter(([booking]) => booking !== "X" && booking !== "Q")
				.map(([booking, entries]): [string, number[]] => [
					booking,
					entries.filter(([, { expiresAt }]) => expiresAt === 0).map(([seat]) => seat),
				]),
	};
}

function mergeShowtime(
	standing: StandingShowtime,
	{ showtime, blockedSeats }: ShowtimeSnapshot,
): Pick<MergedShowtime, "showtime" | "blockedSeats" | "isLedgerBehind"> {
	const here = standing.showtime;
	if (here === null) return { showtime, blockedSeats, isLedgerBehind: false };
	const hasNewerTerms = here.showtimeVersion > showtime.showtimeVersion;
	const hasNewerSchedule = here.scheduleVersion > showtime.scheduleVersion;
	const { state, priceVersion, prices, currency, salesOpenAt, salesCloseAt, showtimeVersion } = hasNewerTerms ? here : showtime;
	const { startsAt, endsAt, scheduleVersion } = hasNewerSchedule ? here : showtime;
	return {
		showtime: {
			...showtime,
			...{ state, priceVersion, prices, currency, salesOpenAt, salesCloseAt, showtimeVersion },
			...{ startsAt, endsAt, scheduleVersion },
		},
		blockedSeats: hasNewerTerms ? standing.blockedSeats : blockedSeats,
		isLedgerBehind: hasNewerTerms || hasNewerSchedule,
	};
}
