/**
 * The hot road: labels to seats, seats to a price, one script. Once a showtime is installed and known to this
 * process, this is one round trip to Redis and none to Postgres.
 */
import {
	type BookingId,
	findSeats,
	type IndexedSeatPlan,
	newBookingId,
	type OpenShowtime,
	type ShowtimeId,
	type UserId,
} from "@holdfast/domain";
import { withOpenShowtime } from "@holdfast/rebuild";
import { assert } from "@holdfast/runtime";
import type { AuthStore, Fenced, PlaceHoldOutcome, SeatStore } from "@holdfast/seat-store";
import type { LiveShowtimes } from "../showtimes/live-showtimes.ts";
import type { NotOpen } from "../showtimes/open-showtime.ts";

export type HoldSeatsRequest = {
	readonly showtimeId: ShowtimeId;
	readonly userId: UserId;
	/** The sign-in that the request came with. */
	readonly family: string;
	/** Distinct labels as the client spelled them, 1..seatsPerBookingMax. */
	readonly labels: readonly string[];
	readonly idempotencyKey: string | null;
};

/**
 * `plan` is the one the seat indexes count in. `busy`: prices changed again while they were read. `unauthenticated`: the token was
 * denied since the request began.
 */
export type HoldSeatsOutcome =
	| { outcome: "judged"; result: Exclude<PlaceHoldOutcome, { outcome: "stale_prices" } | Fenced>; plan: IndexedSeatPlan }
	| { outcome: "unknown_seats"; labels: string[] }
	| { outcome: "busy" }
	| { outcome: "unauthenticated" }
	| NotOpen;

type HoldSeatsDeps = { seatStore: SeatStore; authStore: Pick<AuthStore, "isDenied">; liveShowtimes: LiveShowtimes };

/** Safe to repeat with the same idempotency key. */
export async function holdSeats(deps: HoldSeatsDeps, request: HoldSeatsRequest): Promise<HoldSeatsOutcome> {
	const { liveShowtimes } = deps;
	const { showtimeId } = request;
	const bookingId = newBookingId(showtimeId);
	const hold = () =>
		withOpenShowtime(
			() => liveShowtimes.reopen(showtimeId),
			() => holdOnce(deps, request, bookingId),
		);
	const first = await hold();
	if (first.outcome !== "stale_prices") return first;
	liveShowtimes.forget(showtimeId);
	const second = await hold();
	return second.outcome === "stale_prices" ? { outcome: "busy" } : second;
}

/** By what this process knows of the showtime: `stale_prices` when that is no longer what is installed. */
async function holdOnce(
	{ seatStore, authStore, liveShowtimes }: HoldSeatsDeps,
	{ showtimeId, userId, family, labels, idempotencyKey }: HoldSeatsRequest,
	bookingId: BookingId,
): Promise<HoldSeatsOutcome | { outcome: "stale_prices" } | Fenced> {
	const live = await liveShowtimes.find(showtimeId);
	if (live.outcome !== "found") return live;
	const { showtime, plan } = live;
	const found = findSeats(plan, labels);
	if (found.outcome === "unknown_seats") return found;
	const seats = found.indexes.toSorted((a, b) => a - b);
	const amounts = pricesOf(showtime, plan, seats);
	// Once more: a slow body or a rebuild may lie in between, and a deleted account must not get seats after its holds were released.
	if (await authStore.isDenied(family, userId)) return { outcome: "unauthenticated" };
	const result = await seatStore.placeHold({ bookingId, userId, showtime, seats, amounts, idempotencyKey });
	switch (result.outcome) {
		case "stale_prices":
		case "recovering":
		case "not_ready":
		case "fenced":
			return result;
		default:
			return { outcome: "judged", result, plan };
	}
}

function pricesOf(showtime: OpenShowtime, plan: IndexedSeatPlan, seats: readonly number[]): number[] {
	return seats.map((index) => {
		const seat = plan.seats[index];
		const price = seat && showtime.prices[seat.tier];
		assert(price !== undefined, `showtime ${showtime.id} has a price for seat ${index}`);
		return price;
	});
}
