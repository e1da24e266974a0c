/** Finds the errors that make an event impossible to record, as far as this is possible without a query. Pure. */
import {
	type BookingEvent,
	bucketOf,
	isShowtimeEvent,
	type OutboxEvent,
	PRICE_MAX,
	parsePrices,
	type ReleaseEvent,
	type SeatPlanId,
	type ShowtimeEvent,
	type ShowtimeId,
	sumOf,
} from "@holdfast/domain";

/** The showtimes and seat plans that a batch refers to, as the ledger has them. A missing one does not exist in the ledger. */
export type KnownToLedger = {
	readonly bucket: number;
	readonly showtimes: ReadonlyMap<ShowtimeId, KnownShowtime>;
	/** Seat labels by index. */
	readonly labelsByPlan: ReadonlyMap<SeatPlanId, readonly string[]>;
};

/**
 * A showtime in the ledger. `epoch` is its `redis_epoch`; `seatCount` is the number of seats in its plan. `scheduleVersion` may be ahead of
 * the events that are settled, because a move is written to the ledger first.
 */
export type KnownShowtime = {
	readonly epoch: number;
	readonly isCancelled: boolean;
	readonly planId: SeatPlanId;
	readonly seatCount: number;
	readonly scheduleVersion: number;
};

/** Why an event cannot be recorded: `code` is for programs, `message` is for operators. */
export type EntryError = { readonly code: string; readonly message: string };

/** Returns the first error of an event, or null when the event can be recorded, as far as the data at hand shows. */
export function findEntryError(event: OutboxEvent, known: KnownToLedger): EntryError | null {
	const { showtimeId } = event;
	// Lock and order are per bucket, so an entry of another bucket could be settled by two processes at once.
	if (bucketOf(showtimeId) !== known.bucket)
		return { code: "wrong_bucket", message: `showtime ${showtimeId} does not belong to bucket ${known.bucket}` };
	const showtime = known.showtimes.get(showtimeId);
	if (showtime === undefined) return { code: "unknown_showtime", message: `the ledger has no showtime ${showtimeId}` };
	return isShowtimeEvent(event) ? findShowtimeError(event, showtime) : findBookingError(event, known);
}

function findBookingError(
	{ bookingId, planId, seats, amounts, amount, ...event }: BookingEvent | ReleaseEvent,
	{ bucket, labelsByPlan }: KnownToLedger,
): EntryError | null {
	if (bucketOf(bookingId) !== bucket) return { code: "wrong_bucket", message: `booking ${bookingId} does not belong to bucket ${bucket}` };
	const labels = labelsByPlan.get(planId);
	if (labels === undefined) return { code: "unknown_plan", message: `the ledger has no seat plan ${planId}` };
	const { createdAt, expiresAt, confirmedAt, cancelledAt, at } = event;
	if (amounts.length !== seats.length || sumOf(amounts) !== amount)
		return { code: "impossible_value", message: "the amounts of the seats do not add up to the amount of the booking" };
	return findSeatError(seats, labels.length) ?? findInstantError([createdAt, expiresAt, confirmedAt ?? 0, cancelledAt ?? 0, at]);
}

/** Checks the sales window and the schedule of every event. Postgres checks only the event to which a batch folds. */
function findShowtimeError(event: ShowtimeEvent, { seatCount }: KnownShowtime): EntryError | null {
	const { blockedSeats, salesOpenAt, salesCloseAt, startsAt, endsAt, prices, currency, at } = event;
	const error = findSeatError(blockedSeats, seatCount) ?? findInstantError([salesOpenAt, salesCloseAt, startsAt, endsAt, at]);
	if (error !== null) return error;
	if (salesCloseAt < salesOpenAt) return { code: "impossible_value", message: "sales close before they open" };
	if (endsAt <= startsAt) return { code: "impossible_value", message: "the showtime does not end after it starts" };
	if (!/^[A-Z]{3}$/.test(currency)) return { code: "impossible_value", message: "the currency is not three letters from A to Z" };
	return parsePrices(prices) === null
		? { code: "impossible_value", message: `a price is not an integer from 0 to ${PRICE_MAX} minor units` }
		: null;
}

function findSeatError(seats: readonly number[], seatCount: number): EntryError | null {
	const unknown = seats.find((seat) => !Number.isInteger(seat) || seat < 0 || seat >= seatCount);
	if (unknown !== undefined) return { code: "unknown_seat", message: `the seat plan has no seat with index ${unknown}` };
	return new Set(seats).size === seats.length ? null : { code: "repeated_seat", message: "the event names a seat twice" };
}

/** Checks that each instant fits into a `Date`. Postgres stores dates some 20,000 years later than `Date` can represent. */
function findInstantError(instants: readonly number[]): EntryError | null {
	const areValid = instants.every((epochMs) => !Number.isNaN(new Date(epochMs).getTime()));
	return areValid ? null : { code: "impossible_instant", message: "an instant is outside the range of JavaScript dates" };
}
