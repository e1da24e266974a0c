/** Turns the filters of staff's list of bookings into conditions on rows of the ledger. */
import { type AuditoriumId, DAY_MS, LIMIT_SPECS, META_TTL_MS, type MovieId, type ShowtimeId, type UserId } from "@holdfast/domain";
import { and, eq, exists, gte, inArray, lt, lte, max, min, type SQL, sql } from "drizzle-orm";
import type { ReadQueries } from "../create-database.ts";
import { type BookingRefund, hasRefundStatus } from "../ledger/find-refunds.ts";
import { bookings, refunds, showtimes } from "../schema/index.ts";
import { firstIdAt } from "./first-id-at.ts";

/** What a period of bookings is about. */
export const BOOKING_PERIODS = ["placed", "confirmed", "starts"] as const;
/** When the seats were held, when the booking was confirmed, or when the showtime starts. */
export type BookingPeriod = (typeof BOOKING_PERIODS)[number];

/** Which bookings to list: all conditions together. */
export type BookingFilter = {
	readonly status?: "confirmed" | "cancelled" | undefined;
	/** Only bookings of one of these showtimes. */
	readonly showtimeIds?: readonly ShowtimeId[] | undefined;
	readonly movieId?: MovieId | undefined;
	readonly auditoriumId?: AuditoriumId | undefined;
	readonly userId?: UserId | undefined;
	/** What `fromMs` (included) and `toMs` (excluded) bound, epoch ms; `placed` if absent. */
	readonly period?: BookingPeriod | undefined;
	readonly fromMs?: number | undefined;
	readonly toMs?: number | undefined;
	/** Bounds of the amount of the whole booking, both included, in minor units of `currency`. */
	readonly amountMin?: number | undefined;
	readonly amountMax?: number | undefined;
	readonly currency?: string | undefined;
	readonly refund?: BookingRefund["status"] | undefined;
};

/**
 * The id of a booking carries the time by the clock of the API, and `created_at` is by the clock of Redis, as is the end of a showtime's
 * keys. The two clocks, and that of Postgres, differ by less than this.
 */
const CLOCKS_DIFFER_MAX_MS = DAY_MS;

const STATES_OF: Record<NonNullable<BookingFilter["status"]>, SQL> = {
	confirmed: sql`${bookings.state} = 'CONFIRMED'`,
	// Not a list of states: only in this form does Postgres use the partial index of bookings that are no longer confirmed.
	cancelled: sql`${bookings.state} <> 'CONFIRMED'`,
};

/** Returns the conditions that `bookings` must meet; null when no booking can meet them. */
export async function findConditions(queries: ReadQueries, filter: BookingFilter): Promise<SQL[] | null> {
	const { status, showtimeIds, userId, amountMin, amountMax, currency, refund } = filter;
	const ofShowtimes = await findOfShowtimes(queries, filter);
	if (ofShowtimes === null) return null;
	const conditions: (SQL | undefined)[] = [
		status && STATES_OF[status],
		showtimeIds && inArray(bookings.showtimeId, [...showtimeIds]),
		userId && eq(bookings.userId, userId),
		currency === undefined ? undefined : eq(bookings.currency, currency),
		amountMin === undefined ? undefined : gte(bookings.amount, amountMin),
		amountMax === undefined ? undefined : lte(bookings.amount, amountMax),
		refund && isOwed(queries, refund),
		...inPeriod(filter),
		...ofShowtimes,
	];
	return conditions.filter((condition) => condition !== undefined);
}

/** The period itself, and the bounds of ids that it means: they make Postgres begin at the right place of the index that gives the order. */
function inPeriod({ period = "placed", fromMs, toMs }: BookingFilter): SQL[] {
	if (period === "starts") return [];
	const instant = period === "confirmed" ? bookings.confirmedAt : bookings.createdAt;
	const heldBeforeMs = period === "confirmed" ? LIMIT_SPECS.holdLifeMaxMs.max : 0;
	return [
		...(fromMs === undefined ? [] : [gte(instant, new Date(fromMs)), isPlacedFrom(fromMs - heldBeforeMs)]),
		...(toMs === undefined ? [] : [lt(instant, new Date(toMs)), isPlacedBefore(toMs)]),
	];
}

const isPlacedFrom = (ms: number): SQL => sql`${bookings.id} >= ${firstIdAt(ms - CLOCKS_DIFFER_MAX_MS)}`;
const isPlacedBefore = (ms: number): SQL => sql`${bookings.id} < ${firstIdAt(ms + CLOCKS_DIFFER_MAX_MS)}`;

/**
 * The conditions on the showtime, and the bounds of ids that they mean: no booking is older than its showtime's row, or younger than the
 * showtime's keys in Redis. Without the bounds, the bookings of a movie that is long over would be looked for among all that were placed since.
 * Null when there is no such showtime.
 */
async function findOfShowtimes(queries: ReadQueries, filter: BookingFilter): Promise<SQL[] | null> {
	const { movieId, auditoriumId, period, fromMs, toMs } = filter;
	const isByStart = period === "starts";
	const chosen = and(
		movieId && eq(showtimes.movieId, movieId),
		auditoriumId && eq(showtimes.auditoriumId, auditoriumId),
		isByStart && fromMs !== undefined ? gte(showtimes.startsAt, new Date(fromMs)) : undefined,
		isByStart && toMs !== undefined ? lt(showtimes.startsAt, new Date(toMs)) : undefined,
	);
	if (chosen === undefined) return [];
	const [era] = await queries
		.select({ from: min(showtimes.createdAt), until: max(showtimes.endsAt) })
		.from(showtimes)
		.where(chosen);
	if (!era?.from || !era.until) return null;
	return [
		inArray(bookings.showtimeId, queries.select({ id: showtimes.id }).from(showtimes).where(chosen)),
		isPlacedFrom(era.from.getTime()),
		isPlacedBefore(era.until.getTime() + META_TTL_MS),
	];
}

function isOwed(queries: ReadQueries, refund: BookingRefund["status"]): SQL {
	const owed = queries
		.select({ one: sql`1` })
		.from(refunds)
		.where(and(eq(refunds.bookingId, bookings.id), hasRefundStatus(refund)));
	return exists(owed);
}
