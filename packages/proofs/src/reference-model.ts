/**
 * What a showtime does, said once more in the plainest way: one list of bookings, no Redis, no scripts, no merge. Commands are
 * judged by the rules of docs/glossary.md and docs/reliability.md alone. Real stores are held to it step by step.
 */
import type { BookingId, BookingState, Limits, UserId } from "@holdfast/domain";

const HOUR_MS = 3_600_000;

export type ModelBooking = {
	readonly id: BookingId;
	readonly userId: UserId;
	readonly seats: readonly number[];
	readonly createdAt: number;
	state: BookingState;
	version: number;
	expiresAt: number;
	wasConfirmed: boolean;
	/** The version that the ledger has; 0: none. */
	recordedVersion: number;
	/** Redis has a record; one that was recorded may go. */
	isLoaded: boolean;
};

/** What an operation answers, by its word. */
export type ModelAnswer = string;

export type ReferenceModel = ReturnType<typeof createReferenceModel>;

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

	/** Whether `ifVersion` stands in the way of a change, or of the repeat of the last change. */
	const differs = (ifVersion: number | null, version: number): boolean => ifVersion !== null && ifVersion !== version;
	const replayDiffers = (ifVersion: number | null, version: number): boolean => differs(ifVersion, version) && ifVersion !== version - 1;

	/** Holds that the user placed in the past hour, whatever became of them, the oldest first. */
	const placedInPastHour = (userId: UserId): ModelBooking[] =>
		bookings.filter((booking) => booking.userId === userId && booking.createdAt > nowMs - HOUR_MS);

	function placeHold(id: BookingId, userId: UserId, seats: readonly number[]): ModelAnswer {
		if (isFenced) return "fenced";
		if (isPaused) return "not_on_sale";
		const own = bookings.filter((booking) => booking.userId === userId && owns(booking));
		if (own.filter(isHold).length + 1 > limits.liveHoldsPerUserMax) return "hold_limit";
		if (own.flatMap((booking) => booking.seats).length + seats.length > limits.seatsPerUserMax) return "seat_limit";
		if (placedInPastHour(userId).length >= limits.holdsPerHourMax) return "hourly_limit";
		if (seats.some((seat) => blocked.has(seat) || ownerOf(seat))) return "seats_taken";
		const times = { createdAt: nowMs, expiresAt: nowMs + limits.holdTtlMs };
		bookings.push({ id, userId, seats, ...times, state: "HELD", version: 1, wasConfirmed: false, recordedVersion: 0, isLoaded: true });
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
		booking.state = "CONFIRMED";
		booking.version += 1;
		booking.wasConfirmed = true;
		return "confirmed";
	}

	function cancel(booking: ModelBooking, ifVersion: number | null): ModelAnswer {
		if (isFenced) return "fenced";
		if (booking.state === "CANCELLED") return replayDiffers(ifVersion, booking.version) ? "version_mismatch" : "cancelled";
		if (isHold(booking) && !isLive(booking)) return "cancelled";
		if (differs(ifVersion, booking.version)) return "version_mismatch";
		booking.state = "CANCELLED";
		booking.version += 1;
		return "cancelled";
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
		extend,
		confirm,
		cancel,
		block,
		pause(isOn: boolean): ModelAnswer {
			if (isFenced) return "fenced";
			isPaused = isOn;
			return "set";
		},
		/** Redis starts anew with its data. */
		restart: () => {
			isFenced = true;
		},
		rebuild: () => {
			isFenced = false;
		},
		/** The sweeper comes by. */
		settle: () => {
			for (const booking of bookings) if (booking.wasConfirmed) booking.recordedVersion = booking.version;
		},
		/** When the user may place a hold again, as far as the hourly limit goes, in ms from now; 0: now. */
		hourlyRetryInMs(userId: UserId): number {
			const placed = placedInPastHour(userId);
			const lastToLeave = placed[placed.length - limits.holdsPerHourMax];
			return lastToLeave === undefined ? 0 : lastToLeave.createdAt + HOUR_MS - nowMs;
		},
		advance: (ms: number) => {
			nowMs += ms;
		},
		nowMs: () => nowMs,
		isFenced: () => isFenced,
		blockedSeats: (): readonly number[] => [...blocked].sort((a, b) => a - b),
		/** One letter per seat, as a reader sees the map now. */
		statuses(): string {
			const letterOf = (seat: number): string => {
				const owner = ownerOf(seat);
				if (owner) return owner.state === "CONFIRMED" ? "S" : "H";
				return blocked.has(seat) ? "X" : "A";
			};
			return Array.from({ length: seatCount }, (_, seat) => letterOf(seat)).join("");
		},
		/** `seat owner expiresAt` for every seat that is not free, ascending; `X 0` for a blocked one, 0 for a sold one. */
		owners(): string[] {
			return Array.from({ length: seatCount }, (_, seat) => {
				const owner = ownerOf(seat);
				if (owner) return [`${seat} ${owner.id} ${owner.state === "CONFIRMED" ? 0 : owner.expiresAt}`];
				return blocked.has(seat) ? [`${seat} X 0`] : [];
			}).flat();
		},
		earliestExpiryAt(): number | null {
			const expiries = bookings.filter(isLive).map(({ expiresAt }) => expiresAt);
			return expiries.length === 0 ? null : Math.min(...expiries);
		},
		/** Owner of every seat that is sold. */
		sold: (): { seat: number; bookingId: BookingId }[] =>
			bookings.filter(({ state }) => state === "CONFIRMED").flatMap(({ id, seats }) => seats.map((seat) => ({ seat, bookingId: id }))),
	};
}
