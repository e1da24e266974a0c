/** Test helpers that hold and buy seats as the API does. Every seat costs 12.50 USD, the price in the test kit's showtimes. */
import {
	BOX_OFFICE_USER_ID,
	type BookingId,
	newBookingId,
	newUserId,
	type OpenShowtime,
	type ShowtimeId,
	type StaffCommand,
	type UserId,
} from "@holdfast/domain";
import type { PlaceHoldOutcome, PlaceStaffHoldOutcome } from "../outcomes.ts";
import type { SeatStore } from "../seat-store.ts";

type HoldOptions = { readonly userId?: UserId; readonly bookingId?: BookingId; readonly idempotencyKey?: string };

/** Tries to place a hold, for a new user unless `userId` is given. Returns the outcome, refusals included. */
export function tryHold(
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

/** Places a hold. Returns the booking and the fields of a command that extends, confirms or cancels it. Throws when the hold is refused. */
export async function holdSeats(store: SeatStore, showtime: OpenShowtime, seats: readonly number[], options: HoldOptions = {}) {
	const userId = options.userId ?? newUserId();
	const placed = await tryHold(store, showtime, seats, { ...options, userId });
	if (placed.outcome !== "held") throw new Error(`the hold was refused: ${placed.outcome}`);
	return { bookingId: placed.booking.id, showtimeId: showtime.id, userId, ifVersion: null, booking: placed.booking };
}

/** Holds and confirms seats. Returns the command that cancels the booking. Throws when the hold or the confirm is refused. */
export async function buy(store: SeatStore, showtime: OpenShowtime, seats: readonly number[], options: HoldOptions = {}) {
	const command = await holdSeats(store, showtime, seats, options);
	const { outcome } = await store.confirmBooking(command);
	if (outcome !== "confirmed") throw new Error(`the confirm was refused: ${outcome}`);
	return command;
}

type StaffHoldOptions = HoldOptions & { readonly command?: StaffCommand };

/** Tries to place a hold of staff, at the counter unless `userId` is given. Returns the outcome, refusals included. */
export function tryStaffHold(
	store: SeatStore,
	showtime: OpenShowtime,
	seats: readonly number[],
	options: StaffHoldOptions = {},
): Promise<PlaceStaffHoldOutcome> {
	return store.placeStaffHold({
		bookingId: options.bookingId ?? newBookingId(showtime.id),
		userId: options.userId ?? BOX_OFFICE_USER_ID,
		showtime,
		seats,
		amounts: seats.map(() => 1250),
		idempotencyKey: options.idempotencyKey ?? null,
		command: options.command ?? { actor: newUserId(), requestId: "request-1", reason: null },
	});
}

/** Sells seats as staff do. Returns the command that changes the booking. Throws when the hold or the confirm is refused. */
export async function sellByStaff(store: SeatStore, showtime: OpenShowtime, seats: readonly number[], options: StaffHoldOptions = {}) {
	const placed = await tryStaffHold(store, showtime, seats, options);
	if (placed.outcome !== "held") throw new Error(`the hold of staff was refused: ${placed.outcome}`);
	const { id: bookingId, userId } = placed.booking;
	const command = { bookingId, showtimeId: showtime.id, userId, ifVersion: null, booking: placed.booking };
	const { outcome } = await store.confirmBooking(command);
	if (outcome !== "confirmed") throw new Error(`the confirm was refused: ${outcome}`);
	return command;
}

/** Returns the showtime as installed in the seat store. Throws when it is not installed. */
export async function installedShowtime(store: SeatStore, showtimeId: ShowtimeId): Promise<OpenShowtime> {
	const showtime = await store.readShowtime(showtimeId);
	if (showtime === null) throw new Error(`showtime ${showtimeId} is not installed`);
	return showtime;
}
