/**
 * Holds seats: maps labels to seat indexes, looks up their prices, and runs one script. This is the hot path. Once a showtime is
 * installed and cached in this process, a hold takes one round trip to Redis and none to Postgres.
 */
import { type BookingId, findSeats, type IndexedSeatPlan, newBookingId, type OpenShowtime, type ShowtimeId } from "@holdfast/domain";
import { withOpenShowtime } from "@holdfast/rebuild";
import { assert } from "@holdfast/runtime";
import type { Fenced } from "@holdfast/seat-store";
import type { InstalledShowtimes } from "../showtimes/installed-showtimes.ts";
import type { NotOpen } from "../showtimes/open-showtime.ts";

/** What a command that places a hold needs: the seat indexes, ascending, and what each of them costs in minor units. */
export type SeatsToHold = {
	readonly bookingId: BookingId;
	readonly showtime: OpenShowtime;
	readonly seats: readonly number[];
	readonly amounts: readonly number[];
};

type Placed = { readonly outcome: string };
/** What `place` answers when it has changed nothing and has to be asked again. */
type Unjudged = { outcome: "stale_prices" } | Fenced;

/** Which seats to hold. */
export type HoldSeatsRequest<Result extends Placed> = {
	readonly showtimeId: ShowtimeId;
	/** Distinct labels as the client sent them, 1..seatsPerBookingMax. */
	readonly labels: readonly string[];
	/** Runs the seat store command. */
	readonly place: (hold: SeatsToHold) => Promise<Result | Unjudged>;
};

/** `judged`: the script has decided; the seat indexes of `result` refer to `plan`. `busy`: prices changed again during the retry. */
export type HoldSeatsOutcome<Result extends Placed> =
	| { readonly outcome: "judged"; readonly result: Result; readonly plan: IndexedSeatPlan }
	| { readonly outcome: "unknown_seats"; readonly labels: string[] }
	| { readonly outcome: "busy" }
	| NotOpen;

/** Returns the outcome of the hold. Retries once after a change of prices. Safe to repeat with the same idempotency key. */
export async function holdSeats<Result extends Placed>(
	installedShowtimes: InstalledShowtimes,
	request: HoldSeatsRequest<Result>,
): Promise<HoldSeatsOutcome<Result>> {
	const { showtimeId } = request;
	const bookingId = newBookingId(showtimeId);
	const hold = () =>
		withOpenShowtime(
			() => installedShowtimes.reopen(showtimeId),
			() => holdOnce(installedShowtimes, request, bookingId),
		);
	const first = await hold();
	if (first.outcome !== "stale_prices") return first;
	installedShowtimes.forget(showtimeId);
	const second = await hold();
	return second.outcome === "stale_prices" ? { outcome: "busy" } : second;
}

/** Uses the showtime as cached in this process. `stale_prices`: the installed showtime has other prices. */
async function holdOnce<Result extends Placed>(
	installedShowtimes: InstalledShowtimes,
	{ showtimeId, labels, place }: HoldSeatsRequest<Result>,
	bookingId: BookingId,
): Promise<HoldSeatsOutcome<Result> | Unjudged> {
	const live = await installedShowtimes.find(showtimeId);
	if (live.outcome !== "found") return live;
	const { showtime, plan } = live;
	const found = findSeats(plan, labels);
	if (found.outcome === "unknown_seats") return found;
	const seats = found.indexes.toSorted((a, b) => a - b);
	const result = await place({ bookingId, showtime, seats, amounts: pricesOf(showtime, plan, seats) });
	return isUnjudged(result) ? result : { outcome: "judged", result, plan };
}

const UNJUDGED: readonly string[] = ["stale_prices", "recovering", "not_ready", "fenced"] satisfies Unjudged["outcome"][];

function isUnjudged<Result extends Placed>(result: Result | Unjudged): result is Unjudged {
	return UNJUDGED.includes(result.outcome);
}

/** Returns what seats cost now, in minor units, in the order of `seats`. */
export function pricesOf(showtime: OpenShowtime, plan: IndexedSeatPlan, seats: readonly number[]): number[] {
	return seats.map((index) => {
		const seat = plan.seats[index];
		const price = seat && showtime.prices[seat.tier];
		assert(price !== undefined, `showtime ${showtime.id} has no price for seat ${index}`);
		return price;
	});
}
