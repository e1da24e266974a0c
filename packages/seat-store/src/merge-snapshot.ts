/**
 * The merge rule: decides who owns each seat after a rebuild, when the ledger and a Redis server disagree. Pure, so that it can
 * be read and tested as a whole. Source: docs/adr/0010.
 *
 * 1. If two copies of a booking differ, the higher version wins; on a tie, the ledger's copy wins.
 * 2. A booking owns no seat when its winning copy is cancelled, in conflict or expired.
 * 3. The ledger's owner of a seat wins. A sale that Redis has and the ledger lacks comes second: its event is in the outbox, or
 *    is emitted again. Blocked seats come third, holds last. A hold that lost any of its seats is revoked entirely.
 * 4. Of the showtime's terms the higher version wins, and likewise of its schedule.
 */
import type { Booking, BookingId, OpenShowtime, ShowtimeSnapshot } from "@holdfast/domain";
import type { SeatOwner } from "./owner-entry.ts";

/** What the Redis server has of a showtime whose seats are frozen. */
export type CurrentShowtime = {
	readonly nowMs: number;
	/** Null when the showtime was never installed on this server. */
	readonly showtime: OpenShowtime | null;
	readonly blockedSeats: readonly number[];
	readonly owners: ReadonlyMap<number, SeatOwner>;
	/** The existing records of bookings that own a seat on this server or are in the ledger. */
	readonly records: ReadonlyMap<string, Booking>;
};

/**
 * Seats and the booking that owns them. `booking` is X for blocked and Q for quarantined seats. `userId` is "" for these, and
 * when the owner is unknown.
 */
export type SeatOwnership = {
	readonly booking: string;
	readonly userId: string;
	readonly expiresAt: number;
	readonly seats: readonly number[];
};

/**
 * A change of a booking's record. `revoke`: the hold expires now. `drop`: the record is deleted, because the ledger's copy is
 * newer. `reemit`: the event of the record is emitted again if the ledger lacks it.
 */
export type RecordChange = { readonly change: "revoke" | "drop" | "reemit"; readonly bookingId: BookingId; readonly version: number };

/** The result of a merge: what a rebuild installs. */
export type MergedShowtime = {
	readonly showtime: OpenShowtime;
	readonly blockedSeats: readonly number[];
	/** Every seat that is not free, exactly once. */
	readonly ownerships: readonly SeatOwnership[];
	readonly changes: readonly RecordChange[];
	/** The server has a change of the showtime itself that the ledger lacks. */
	readonly isLedgerBehind: boolean;
};

/** Merges what the server and the ledger have of a showtime, by the rule above. Changes neither of its arguments. */
export function mergeSnapshot(current: CurrentShowtime, snapshot: ShowtimeSnapshot): MergedShowtime {
	const seats = createSeatTable(current.owners);
	const changes: RecordChange[] = [];
	const note = (change: RecordChange["change"], { id, version }: Booking) => changes.push({ change, bookingId: id, version });
	const recorded = new Map<string, (typeof snapshot.bookings)[number]>(snapshot.bookings.map((booking) => [booking.bookingId, booking]));
	const isNewer = (record: Booking) => record.version > (recorded.get(record.id)?.version ?? 0);

	for (const booking of snapshot.bookings) {
		const record = current.records.get(booking.bookingId);
		if (record !== undefined && isNewer(record)) continue;
		if (record !== undefined && (record.version < booking.version || record.state !== booking.state)) note("drop", record);
		if (booking.state === "CONFIRMED") seats.assign(booking.bookingId, booking.userId, 0, booking.seats);
	}
	const newer = [...current.records.values()].filter(isNewer);
	for (const record of newer.filter((known) => known.confirmedAt !== null)) {
		note("reemit", record);
		if (record.state === "CONFIRMED") seats.assign(record.id, record.userId, 0, seats.ownedBy(record.id));
	}
	// Sold to a booking that neither the ledger nor any record knows. The seats stay sold, so that they are not sold twice.
	for (const [booking, owned] of seats.soldByBooking()) {
		if (!current.records.has(booking) && !recorded.has(booking)) seats.assign(booking, "", 0, owned);
	}
	const { showtime, blockedSeats, isLedgerBehind } = mergeShowtime(current, snapshot);
	seats.assign("X", "", 0, blockedSeats);
	for (const record of newer.filter((known) => known.state === "HELD" || known.state === "PAYING")) {
		if (current.nowMs >= record.expiresAt) continue;
		if (record.seats.every((seat) => seats.isUnassignedOf(seat, record.id))) {
			seats.assign(record.id, record.userId, record.expiresAt, record.seats);
		} else {
			note("revoke", record);
		}
	}
	if (snapshot.isQuarantined) {
		seats.assign(
			"Q",
			"",
			0,
			Array.from({ length: showtime.seatCount }, (_, seat) => seat),
		);
	}
	return { showtime, blockedSeats, ownerships: seats.ownerships, changes, isLedgerBehind };
}

/** Assigns each seat at most once: the first assignment wins. */
function createSeatTable(owners: CurrentShowtime["owners"]) {
	const ownerships: SeatOwnership[] = [];
	const taken = new Set<number>();
	const byBooking = Map.groupBy(owners, ([, owner]) => owner.booking);
	return {
		ownerships,
		/** Assigns those of `seats` that are not assigned yet. */
		assign(booking: string, userId: string, expiresAt: number, seats: readonly number[]): void {
			const free = seats.filter((seat) => !taken.has(seat)).sort((a, b) => a - b);
			for (const seat of free) taken.add(seat);
			if (free.length > 0) ownerships.push({ booking, userId, expiresAt, seats: free });
		},
		/** Whether the booking owns the seat on the server, and the seat is not assigned yet. */
		isUnassignedOf: (seat: number, booking: string): boolean => owners.get(seat)?.booking === booking && !taken.has(seat),
		ownedBy: (booking: string): number[] => (byBooking.get(booking) ?? []).map(([seat]) => seat),
		/** Bookings with the seats that are sold to them on the server. */
		soldByBooking: (): [string, number[]][] =>
			[...byBooking]
				.filter(([booking]) => booking !== "X" && booking !== "Q")
				.map(([booking, entries]): [string, number[]] => [
					booking,
					entries.filter(([, { expiresAt }]) => expiresAt === 0).map(([seat]) => seat),
				]),
	};
}

function mergeShowtime(
	current: CurrentShowtime,
	{ showtime, blockedSeats }: ShowtimeSnapshot,
): Pick<MergedShowtime, "showtime" | "blockedSeats" | "isLedgerBehind"> {
	const installed = current.showtime;
	if (installed === null) return { showtime, blockedSeats, isLedgerBehind: false };
	const hasNewerTerms = installed.showtimeVersion > showtime.showtimeVersion;
	const hasNewerSchedule = installed.scheduleVersion > showtime.scheduleVersion;
	const { state, priceVersion, prices, currency, salesOpenAt, salesCloseAt, showtimeVersion } = hasNewerTerms ? installed : showtime;
	const { startsAt, endsAt, scheduleVersion } = hasNewerSchedule ? installed : showtime;
	return {
		showtime: {
			...showtime,
			...{ state, priceVersion, prices, currency, salesOpenAt, salesCloseAt, showtimeVersion },
			...{ startsAt, endsAt, scheduleVersion },
		},
		blockedSeats: hasNewerTerms ? current.blockedSeats : blockedSeats,
		isLedgerBehind: hasNewerTerms || hasNewerSchedule,
	};
}
