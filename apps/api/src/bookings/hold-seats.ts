/**
 * The hot road: labels to seats, seats to a price, one script. Once a showtime is installed and known to this
 * process, this is one round trip to Redis and none to Postgres.
 */
import { findSeats, type IndexedSeatPlan, newBookingId, type OpenShowtime, type ShowtimeId, type UserId } from "@holdfast/domain";
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

/** One try, one after the prices were read anew, one after the showtime was opened anew. */
const TRIES_MAX = 3;

export async function holdSeats(
	{ seatStore, authStore, liveShowtimes }: { seatStore: SeatStore; authStore: Pick<AuthStore, "isDenied">; liveShowtimes: LiveShowtimes },
	{ showtimeId, userId, family, labels, idempotencyKey }: HoldSeatsRequest,
): Promise<HoldSeatsOutcome> {
	const bookingId = newBookingId(showtimeId);
	let stalePrices = 0;
	for (let attempt = 0; attempt < TRIES_MAX; attempt += 1) {
		const live = await liveShowtimes.find(showtimeId);
		if (live.outcome !== "found") return live;
		const { showtime, plan } = live;
		const found = findSeats(plan, labels);
		if (found.outcome === "unknown_seats") return found;
		const seats = found.indexes.toSorted((a, b) => a - b);
		const amount = priceOf(showtime, plan, seats);
		// Once more: a slow body or a rebuild may lie in between, and a deleted account must not get seats after its holds were released.
		if (await authStore.isDenied(family, userId)) return { outcome: "unauthenticated" };
		const result = await seatStore.placeHold({ bookingId, userId, showtime, seats, amount, idempotencyKey });
		switch (result.outcome) {
			case "stale_prices":
				stalePrices += 1;
				if (stalePrices > 1) return { outcome: "busy" };
				liveShowtimes.forget(showtimeId);
				break;
			case "recovering":
				return { outcome: "recovering" };
			case "not_ready":
			case "fenced": {
				const opening = await liveShowtimes.reopen(showtimeId);
				if (opening.outcome !== "opened") return opening;
				break;
			}
			default:
				return { outcome: "judged", result, plan };
		}
	}
	return { outcome: "recovering" };
}

function priceOf(showtime: OpenShowtime, plan: IndexedSeatPlan, seats: readonly number[]): number {
	return seats.reduce((sum, index) => {
		const seat = plan.seats[index];
		const price = seat && showtime.prices[seat.tier];
		assert(price !== undefined, `showtime ${showtime.id} has a price for seat ${index}`);
		return sum + price;
	}, 0);
}
