/**
 * A second, simple implementation of a showtime: one list of bookings, without Redis, scripts or merges. Its rules come from
 * docs/glossary.md and docs/reliability.md alone. Tests run the same commands on it and on the real stores, and compare every step.
 */
import { type BookingId, type BookingState, type Limits, sumOf, type UserId } from "@holdfast/domain";

const HOUR_MS = 3_600_000;

/** A booking of the model. */
export type ModelBooking = {
	readonly id: BookingId;
	readonly userId: UserId;
	readonly createdAt: number;
	seats: readonly number[];
	/** What each seat costs. */
	amounts: readonly number[];
	state: BookingState;
	version: number;
	expiresAt: number;
	wasConfirmed: boolean;
	/** Its events in the ledger, from the confirm on, once they are settled. */
	readonly events: { readonly type: string; readonly version: number }[];
	/** What its customer is owed, in percent of the amount; 0: nothing. */
	refundPercent: number;
	/** The version in the ledger; 0 when the ledger does not have the booking. */
	recordedVersion: number;
	/** Whether Redis has a record of the booking. It may delete the record once the ledger has the booking. */
	isLoaded: boolean;
};

/** The outcome of a command, by the same word as in the seat store. */
export type ModelAnswer = string;

/** A showtime of the model. */
export type ReferenceModel = ReturnType<typeof createReferenceModel>;

/** Returns a showtime with `seatCount` available seats. Its clock starts at `startMs` (epoch ms) and moves only by `advance`. */
export function createReferenceModel({ seatCount, limits, startMs }: { seatCount: number; limits: Limits; startMs: number }) {
	const bookings: ModelBooking[] = [];
	const blocked = new Set<number>();
	let nowMs = startMs;
	let isFenced = false;
	let isPaused = false;

	const isHold = ({ state }: ModelBooking): boolean => state === "HELD" || state === "PAYING";
	const isLive = (booking: ModelBooking): boolean => isHold(booking) && nowMs < booking.expiresAt;
	const owns = (booking: ModelBooking): boolean => booking.state === "CONFIRMED" || isLive(booking);
	const ownerOf = (seat: number): ModelBooking | undefined => bookings.find((booking) => owns(booking) && booking.seats.includes(seat));

	/** Whether `ifVersion` forbids a change. */
	const differs = (ifVersion: number | null, version: number): boolean => ifVersion !== null && ifVersion !== version;
	/** Whether `ifVersion` forbids the repeat of the last change: it may name the version before or after that change. */
	const replayDiffers = (ifVersion: number | null, version: number): boolean => differs(ifVersion, version) && ifVersion !== version - 1;

	/** Returns the holds that the user placed in the past hour, whatever their status is now, oldest first. */
	const placedInPastHour = (userId: UserId): ModelBooking[] =>
		bookings.filter((booking) => booking.userId === userId && booking.createdAt > nowMs - HOUR_MS);

	function add(id: BookingId, userId: UserId, { seats, amounts }: Pick<ModelBooking, "seats" | "amounts">): void {
		const times = { createdAt: nowMs, expiresAt: nowMs + limits.holdTtlMs };
		const unrecorded = { wasConfirmed: false, events: [], refundPercent: 0, recordedVersion: 0, isLoaded: true };
		bookings.push({ id, userId, seats, amounts, ...times, state: "HELD", version: 1, ...unrecorded });
	}

	/** Moves a booking that was confirmed to its next version. */
	function transition(booking: ModelBooking, type: string, changes: Partial<ModelBooking>): void {
		Object.assign(booking, changes, { version: booking.version + 1 });
		booking.events.push({ type, version: booking.version });
	}

	function placeHold(id: BookingId, userId: UserId, seats: readonly number[], amounts: readonly number[]): ModelAnswer {
		if (isFenced) return "fenced";
		if (isPaused) return "not_on_sale";
		const own = bookings.filter((booking) => booking.userId === userId && owns(booking));
		if (own.filter(isHold).length + 1 > limits.liveHoldsPerUserMax) return "hold_limit";
		if (own.flatMap((booking) => booking.seats).length + seats.length > limits.seatsPerUserMax) return "seat_limit";
		if (placedInPastHour(userId).length >= limits.holdsPerHourMax) return "hourly_limit";
		if (seats.some((seat) => blocked.has(seat) || ownerOf(seat))) return "seats_taken";
		add(id, userId, { seats, amounts });
		return "held";
	}

	/** A hold of staff passes the pause, the limits and the blocks, which it ends. */
	function placeStaffHold(id: BookingId, userId: UserId, seats: readonly number[], amounts: readonly number[]): ModelAnswer {
		if (isFenced) return "fenced";
		if (seats.some((seat) => ownerOf(seat))) return "seats_taken";
		for (const seat of seats) blocked.delete(seat);
		add(id, userId, { seats, amounts });
		return "held";
	}

	function extend(booking: ModelBooking, ifVersion: number | null): ModelAnswer {
		if (isFenced) return "fenced";
		if (!isHold(booking)) return differs(ifVersion, booking.version) ? "version_mismatch" : "booking_state";
		if (!isLive(booking)) return "hold_expired";
		if (booking.state === "PAYING") return replayDiffers(ifVersion, booking.version) ? "version_mismatch" : "extended";
		if (differs(ifVersion, booking.version)) return "version_mismatch";
		const extended = Math.min(nowMs + limits.holdExtensionMs, booking.createdAt + limits.holdLifeMaxMs);
		booking.expiresAt = Math.max(booking.expiresAt, extended);
		booking.state = "PAYING";
		booking.version += 1;
		return "extended";
	}

	function confirm(booking: ModelBooking, ifVersion: number | null): ModelAnswer {
		if (isFenced) return "fenced";
		if (booking.state === "CONFIRMED") return replayDiffers(ifVersion, booking.version) ? "version_mismatch" : "confirmed";
		if (!isHold(booking)) return differs(ifVersion, booking.version) ? "version_mismatch" : "booking_state";
		if (!isLive(booking)) return "hold_expired";
		if (differs(ifVersion, booking.version)) return "version_mismatch";
		transition(booking, "booking.confirmed", { state: "CONFIRMED", wasConfirmed: true });
		return "confirmed";
	}

	/** `refundPercent`: of a cancel by staff; a user's cancel owes nothing while there are no payments. */
	function cancel(booking: ModelBooking, ifVersion: number | null, refundPercent = 0): ModelAnswer {
		if (isFenced) return "fenced";
		if (booking.state === "CANCELLED") return replayDiffers(ifVersion, booking.version) ? "version_mismatch" : "cancelled";
		if (isHold(booking) && !isLive(booking)) return "cancelled";
		if (differs(ifVersion, booking.version)) return "version_mismatch";
		if (booking.state === "CONFIRMED") transition(booking, "booking.cancelled", { state: "CANCELLED", refundPercent });
		else Object.assign(booking, { state: "CANCELLED", version: booking.version + 1 });
		return "cancelled";
	}

	/** `ledgerVersion`: the version at which the ledger has the booking as cancelled; null: it has it otherwise. */
	function revive(booking: ModelBooking, ifVersion: number | null, ledgerVersion: number | null): ModelAnswer {
		if (isFenced) return "fenced";
		if (booking.state === "CONFIRMED") return replayDiffers(ifVersion, booking.version) ? "version_mismatch" : "confirmed";
		if (differs(ifVersion, booking.version)) return "version_mismatch";
		if (booking.state !== "CANCELLED" || !booking.wasConfirmed) return "booking_state";
		if (booking.version !== ledgerVersion) return "not_recorded";
		if (booking.seats.some((seat) => blocked.has(seat) || ownerOf(seat))) return "seats_taken";
		transition(booking, "booking.confirmed", { state: "CONFIRMED", refundPercent: 0 });
		return "confirmed";
	}

	function reseat(booking: ModelBooking, ifVersion: number | null, seats: readonly number[], amounts: readonly number[]): ModelAnswer {
		if (isFenced) return "fenced";
		if (booking.state === "CONFIRMED" && booking.seats.join() === seats.join())
			return replayDiffers(ifVersion, booking.version) ? "version_mismatch" : "reseated";
		if (differs(ifVersion, booking.version)) return "version_mismatch";
		if (booking.state !== "CONFIRMED") return "booking_state";
		if (seats.length !== booking.seats.length) return "seat_count_differs";
		if (sumOf(amounts) !== sumOf(booking.amounts)) return "amount_differs";
		if (seats.some((seat) => ![undefined, booking].includes(ownerOf(seat)))) return "seats_taken";
		for (const seat of seats) blocked.delete(seat);
		transition(booking, "booking.reseated", { seats, amounts });
		return "reseated";
	}

	function block(seats: readonly number[], isBlocked: boolean): ModelAnswer {
		if (isFenced) return "fenced";
		if (isBlocked && seats.some((seat) => ownerOf(seat))) return "seats_taken";
		for (const seat of seats) isBlocked ? blocked.add(seat) : blocked.delete(seat);
		return "set";
	}

	return {
		bookings: bookings as readonly ModelBooking[],
		placeHold,
		placeStaffHold,
		extend,
		confirm,
		cancel,
		revive,
		reseat,
		block,
		/** Stops or resumes the sale of new holds. */
		pause(isOn: boolean): ModelAnswer {
			if (isFenced) return "fenced";
			isPaused = isOn;
			return "set";
		},
		/** Redis restarts with its data, which fences the showtime. */
		restart: () => {
			isFenced = true;
		},
		/** The showtime is rebuilt, which opens it again. */
		rebuild: () => {
			isFenced = false;
		},
		/** The sweeper settles every event. */
		settle: () => {
			for (const booking of bookings) if (booking.wasConfirmed) booking.recordedVersion = booking.version;
		},
		/** Returns the ms until the hourly limit allows the user another hold; 0 when it does so now. */
		hourlyRetryInMs(userId: UserId): number {
			const placed = placedInPastHour(userId);
			const blocking = placed[placed.length - limits.holdsPerHourMax];
			return blocking === undefined ? 0 : blocking.createdAt + HOUR_MS - nowMs;
		},
		advance: (ms: number) => {
			nowMs += ms;
		},
		nowMs: () => nowMs,
		isFenced: () => isFenced,
		blockedSeats: (): readonly number[] => [...blocked].sort((a, b) => a - b),
		/** Returns the seat map that a reader gets now, one letter per seat. */
		statuses(): string {
			const letterOf = (seat: number): string => {
				const owner = ownerOf(seat);
				if (owner) return owner.state === "CONFIRMED" ? "S" : "H";
				return blocked.has(seat) ? "X" : "A";
			};
			return Array.from({ length: seatCount }, (_, seat) => letterOf(seat)).join("");
		},
		/** Returns `seat owner expiresAt` for every seat that is not available, ascending; `X 0` for a blocked seat, 0 for a sold one. */
		owners(): string[] {
			return Array.from({ length: seatCount }, (_, seat) => {
				const owner = ownerOf(seat);
				if (owner) return [`${seat} ${owner.id} ${owner.state === "CONFIRMED" ? 0 : owner.expiresAt}`];
				return blocked.has(seat) ? [`${seat} X 0`] : [];
			}).flat();
		},
		/** Returns the earliest expiry of a live hold; null when there is none. */
		earliestExpiryAt(): number | null {
			const expiries = bookings.filter(isLive).map(({ expiresAt }) => expiresAt);
			return expiries.length === 0 ? null : Math.min(...expiries);
		},
		/** Returns the booking of every sold seat. */
		sold: (): { seat: number; bookingId: BookingId }[] =>
			bookings.filter(({ state }) => state === "CONFIRMED").flatMap(({ id, seats }) => seats.map((seat) => ({ seat, bookingId: id }))),
	};
}
