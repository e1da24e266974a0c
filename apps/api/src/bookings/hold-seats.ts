/**
 * Holds seats: maps labels to seat indexes, looks up their prices, and runs one script. This is the hot path. Once a showtime is
 * installed and cached in this process, a hold takes one round trip to Redis and none to Postgres.
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
import type { InstalledShowtimes } from "../showtimes/installed-showtimes.ts";
import type { NotOpen } from "../showtimes/open-showtime.ts";

/** Which seats to hold, and for whom. */
export type HoldSeatsRequest = {
	readonly showtimeId: ShowtimeId;
	readonly userId: UserId;
	/** The family (sign-in) of the access token. */
	readonly family: string;
	/** Distinct labels as the client sent them, 1..seatsPerBookingMax. */
	readonly labels: readonly string[];
	readonly idempotencyKey: string | null;
};

/**
 * `judged`: the script has decided; the seat indexes of `result` refer to `plan`. `busy`: prices changed again during the retry.
 * `unauthenticated`: the token was denied during the request.
 */
export type HoldSeatsOutcome =
	| { outcome: "judged"; result: Exclude<PlaceHoldOutcome, { outcome: "stale_prices" } | Fenced>; plan: IndexedSeatPlan }
	| { outcome: "unknown_seats"; labels: string[] }
	| { outcome: "busy" }
	| { outcome: "unauthenticated" }
	| NotOpen;

type HoldSeatsDeps = { seatStore: SeatStore; authStore: Pick<AuthStore, "isDenied">; installedShowtimes: InstalledShowtimes };

/** Returns the outcome of the hold. Retries once after a change of prices. Safe to repeat with the same idempotency key. */
export async function holdSeats(deps: HoldSeatsDeps, request: HoldSeatsRequest): Promise<HoldSeatsOutcome> {
	const { installedShowtimes } = deps;
	const { showtimeId } = request;
	const bookingId = newBookingId(showtimeId);
	const hold = () =>
		withOpenShowtime(
			() => installedShowtimes.reopen(showtimeId),
			() => holdOnce(deps, request, bookingId),
		);
	const first = await hold();
	if (first.outcome !== "stale_prices") return first;
	installedShowtimes.forget(showtimeId);
	const second = await hold();
	return second.outcome === "stale_prices" ? { outcome: "busy" } : second;
}

/** Uses the showtime as cached in this process. `stale_prices`: the installed showtime has other prices. */
async function holdOnce(
	{ seatStore, authStore, installedShowtimes }: HoldSeatsDeps,
	{ showtimeId, userId, family, labels, idempotencyKey }: HoldSeatsRequest,
	bookingId: BookingId,
): Promise<HoldSeatsOutcome | { outcome: "stale_prices" } | Fenced> {
	const live = await installedShowtimes.find(showtimeId);
	if (live.outcome !== "found") return live;
	const { showtime, plan } = live;
	const found = findSeats(plan, labels);
	if (found.outcome === "unknown_seats") return found;
	const seats = found.indexes.toSorted((a, b) => a - b);
	const amounts = pricesOf(showtime, plan, seats);
	// Checked again: a slow body or a rebuild may have taken a while, and a deleted account must not get seats after its holds were released.
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
		assert(price !== undefined, `showtime ${showtime.id} has no price for seat ${index}`);
		return price;
	});
}
