/** Holds and bookings for tests, placed as the API places them. A seat costs 12.50 USD, as the builders of the test kit price it. */
import { type BookingId, newBookingId, newUserId, type OpenShowtime, type ShowtimeId, type UserId } from "@holdfast/domain";
import type { PlaceHoldOutcome } from "../outcomes.ts";
import type { SeatStore } from "../seat-store.ts";

type HoldOptions = { readonly userId?: UserId; readonly bookingId?: BookingId; readonly idempotencyKey?: string };

/** Place a hold of these seats, for a new user unless one is named. Resolves to the answer, whatever it is. */
export function hold(
	store: SeatStore,
	showtime: OpenShowtime,
	seats: readonly number[],
	options: HoldOptions = {},
): Promise<PlaceHoldOutcome> {
	return store.placeHold({
		bookingId: options.bookingId ?? newBookingId(showtime.id),
		userId: options.userId ?? newUserId(),
		showtime,
		seats,
		amounts: seats.map(() => 1250),
		idempotencyKey: options.idempotencyKey ?? null,
	});
}

/** Place a hold; resolves to the command that extends, confirms or cancels it. Throws when the hold is refused. */
export async function held(store: SeatStore, showtime: OpenShowtime, seats: readonly number[], options: HoldOptions = {}) {
	const userId = options.userId ?? newUserId();
	const placed = await hold(store, showtime, seats, { ...options, userId });
	if (placed.outcome !== "held") throw new Error(`the hold was answered ${placed.outcome}`);
	return { bookingId: placed.booking.id, showtimeId: showtime.id, userId, ifVersion: null, booking: placed.booking };
}

/** Hold these seats and confirm; resolves to the command that cancels the booking. Throws when either is refused. */
export async function buy(store: SeatStore, showtime: OpenShowtime, seats: readonly number[], options: HoldOptions = {}) {
	const command = await held(store, showtime, seats, options);
	const { outcome } = await store.confirmBooking(command);
	if (outcome !== "confirmed") throw new Error(`the confirm was answered ${outcome}`);
	return command;
}

/** The showtime as the seat store has it. Throws when it is not installed there. */
export async function installedShowtime(store: SeatStore, showtimeId: ShowtimeId): Promise<OpenShowtime> {
	const showtime = await store.readShowtime(showtimeId);
	if (showtime === null) throw new Error(`showtime ${showtimeId} is not installed`);
	return showtime;
}
