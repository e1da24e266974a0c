/** What makes an event impossible to record, as far as that can be told without asking Postgres. Pure. */
import {
	type BookingEvent,
	bucketOf,
	isBookingEvent,
	type OutboxEvent,
	PRICE_MAX,
	parsePrices,
	type SeatPlanId,
	type ShowtimeEvent,
	type ShowtimeId,
	sumOf,
} from "@holdfast/domain";

/** What the ledger has of the showtimes and plans that a batch names; what is missing here does not exist. */
export type KnownToLedger = {
	readonly bucket: number;
	readonly showtimes: ReadonlyMap<ShowtimeId, KnownShowtime>;
	/** Seat labels by index. */
	readonly labelsByPlan: ReadonlyMap<SeatPlanId, readonly string[]>;
};

/** `epoch` is the ledger's `redis_epoch`; `seatCount` is its plan's. */
export type KnownShowtime = { readonly epoch: number; readonly isCancelled: boolean; readonly seatCount: number };

/** `code` for a program, `message` for a person. */
export type Flaw = { readonly code: string; readonly message: string };

export function findFlaw(event: OutboxEvent, known: KnownToLedger): Flaw | null {
	const { showtimeId } = event;
	// The lock and the order are a bucket's: an entry of another one could be settled twice at once.
	if (bucketOf(showtimeId) !== known.bucket)
		return { code: "wrong_bucket", message: `showtime ${showtimeId} is not of bucket ${known.bucket}` };
	const showtime = known.showtimes.get(showtimeId);
	if (showtime === undefined) return { code: "unknown_showtime", message: `the ledger has no showtime ${showtimeId}` };
	return isBookingEvent(event) ? flawOfBooking(event, known) : flawOfShowtime(event, showtime);
}

function flawOfBooking(
	{ bookingId, planId, seats, amounts, amount, ...event }: BookingEvent,
	{ bucket, labelsByPlan }: KnownToLedger,
): Flaw | null {
	if (bucketOf(bookingId) !== bucket) return { code: "wrong_bucket", message: `booking ${bookingId} is not of bucket ${bucket}` };
	const labels = labelsByPlan.get(planId);
	if (labels === undefined) return { code: "unknown_plan", message: `the ledger has no seat plan ${planId}` };
	const { createdAt, expiresAt, confirmedAt, cancelledAt, at } = event;
	if (amounts.length !== seats.length || sumOf(amounts) !== amount)
		return { code: "impossible_value", message: "the amounts of its seats do not add up to what it costs" };
	return flawOfSeats(seats, labels.length) ?? flawOfInstants([createdAt, expiresAt, confirmedAt, cancelledAt ?? 0, at]);
}

/** Postgres would refuse a reversed window too, but only of the event that a batch folds to. */
function flawOfShowtime(event: ShowtimeEvent, { seatCount }: KnownShowtime): Flaw | null {
	const { blockedSeats, salesOpenAt, salesCloseAt, startsAt, endsAt, prices, currency, at } = event;
	const flaw = flawOfSeats(blockedSeats, seatCount) ?? flawOfInstants([salesOpenAt, salesCloseAt, startsAt, endsAt, at]);
	if (flaw !== null) return flaw;
	if (salesCloseAt < salesOpenAt) return { code: "impossible_value", message: "sales close before they open" };
	if (endsAt <= startsAt) return { code: "impossible_value", message: "it ends before it starts" };
	if (!/^[A-Z]{3}$/.test(currency)) return { code: "impossible_value", message: "the currency is none" };
	return parsePrices(prices) === null ? { code: "impossible_value", message: `a price is not 0 to ${PRICE_MAX} minor units` } : null;
}

function flawOfSeats(seats: readonly number[], seatCount: number): Flaw | null {
	const strange = seats.find((seat) => !Number.isInteger(seat) || seat < 0 || seat >= seatCount);
	if (strange !== undefined) return { code: "unknown_seat", message: `the seat plan has no seat ${strange}` };
	return new Set(seats).size === seats.length ? null : { code: "repeated_seat", message: "a seat is named twice" };
}

/** Postgres knows twenty thousand years more than `Date`: it would store what can never be read back. */
function flawOfInstants(instants: readonly number[]): Flaw | null {
	const isReal = instants.every((epochMs) => !Number.isNaN(new Date(epochMs).getTime()));
	return isReal ? null : { code: "impossible_instant", message: "an instant is beyond the calendar" };
}
