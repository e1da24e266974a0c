/** Sells seats for a customer at the request of staff: holds them and confirms the hold. */
import { type Database, findUser, findUserByEmail } from "@holdfast/database";
import { BOX_OFFICE_USER_ID, type Booking, parseUserId, type ShowtimeId, type StaffCommand, statusOf, type UserId } from "@holdfast/domain";
import { withOpenShowtime } from "@holdfast/rebuild";
import { assert } from "@holdfast/runtime";
import { SeatStoreFault } from "@holdfast/seat-store";
import { findAnyBooking } from "../bookings/find-own-booking.ts";
import { type HoldSeatsOutcome, holdSeats } from "../bookings/hold-seats.ts";
import { labelsOf } from "../bookings/present-booking.ts";
import type { RouteDeps } from "../deps.ts";
import { afterChange, type ChangedBooking } from "./read-changed-booking.ts";

/** A sale. `labels` are the distinct seat labels as the client sent them. */
export type StaffSale = {
	readonly showtimeId: ShowtimeId;
	readonly userId: UserId;
	readonly labels: readonly string[];
	/** False: hold the seats only. */
	readonly confirms: boolean;
	readonly idempotencyKey: string | null;
	readonly command: StaffCommand;
};

type Refusal =
	| "showtime_closed"
	| "showtime_cancelled"
	| "idempotency_mismatch"
	| "hold_expired"
	| "booking_state"
	| "unknown_user"
	| "busy"
	| "outcome_unknown";

/**
 * `sold`: the booking as it is now. `isReplay`: the idempotency key was used before. `hold_expired` and `booking_state`: the hold ended before
 * it was confirmed. `outcome_unknown`: the seats are held, and the same request again goes on with the sale.
 */
export type StaffSaleOutcome =
	| ({ readonly outcome: "sold"; readonly isReplay: boolean } & ChangedBooking)
	| { readonly outcome: "seats_taken" | "unknown_seats"; readonly labels: readonly string[] }
	| { readonly outcome: Refusal }
	| Exclude<HoldSeatsOutcome<never>, { readonly outcome: "judged" }>;

/** Returns whom a sale is for: an account, or the box office; null when there is no such account. Throws when Postgres is unavailable. */
export async function findCustomer(
	database: Database,
	{ userId, email }: { readonly userId: string | undefined; readonly email: string | undefined },
): Promise<UserId | null> {
	if (userId === undefined && email === undefined) return BOX_OFFICE_USER_ID;
	const id = email === undefined ? parseUserId(userId ?? "") : ((await findUserByEmail(database, email))?.user.id ?? null);
	return id && (await isCustomer(database, id)) ? id : null;
}

/** Whether the account exists and is not being deleted. */
const isCustomer = async (database: Database, id: UserId): Promise<boolean> => (await findUser(database, id)) !== null;

/** Sells the seats. Safe to repeat with the same idempotency key: a repeat goes on where the first request stopped. */
export async function sellByStaff(deps: RouteDeps, sale: StaffSale): Promise<StaffSaleOutcome> {
	const { showtimeId, userId, labels, confirms, idempotencyKey, command } = sale;
	const held = await holdSeats(deps.installedShowtimes, {
		showtimeId,
		labels,
		place: (hold) => deps.seatStore.placeStaffHold({ ...hold, userId, idempotencyKey, command }),
	});
	if (held.outcome !== "judged") return held;
	const { result, plan } = held;
	if (result.outcome === "seats_taken") return { outcome: "seats_taken", labels: labelsOf(plan, result.seats) };
	if (result.outcome !== "held" && result.outcome !== "replayed") return result;
	const isReplay = result.outcome === "replayed";
	const placed = result.outcome === "held" ? result : await afterChange(() => findAnyBooking(deps, result.bookingId));
	assert(placed !== null, "the booking of an idempotency key has no record");
	deps.showtimeOfBooking.set(placed.booking.id, showtimeId);
	const status = statusOf(placed.booking, placed.nowMs);
	if (confirms && status === "expired") return { outcome: "hold_expired" };
	const done = confirms && status === "pending" ? await afterChange(() => confirmSale(deps, placed.booking)) : placed;
	return "booking" in done ? { outcome: "sold", isReplay, booking: done.booking, nowMs: done.nowMs } : done;
}

/**
 * Confirms the hold of a sale. The account is looked up once more: the deletion of an account that begins after this look finds the hold.
 * Otherwise a request that was paused could sell seats to an account after its deletion.
 */
async function confirmSale(deps: RouteDeps, booking: Booking): Promise<ChangedBooking | { readonly outcome: Refusal }> {
	const { id: bookingId, showtimeId, userId } = booking;
	const command = { bookingId, showtimeId, userId, ifVersion: null };
	if (userId !== BOX_OFFICE_USER_ID && !(await isCustomer(deps.database, userId))) {
		await deps.seatStore.cancelBooking(command);
		return { outcome: "unknown_user" };
	}
	const result = await withOpenShowtime(
		() => deps.installedShowtimes.reopen(showtimeId),
		() => deps.seatStore.confirmBooking(command),
	);
	switch (result.outcome) {
		case "confirmed":
			return result;
		case "hold_expired":
		case "booking_state":
		case "showtime_cancelled":
		case "showtime_closed":
			return { outcome: result.outcome };
		default:
			// The seats are held, so no code may say that nothing was changed.
			throw new SeatStoreFault("outcome_unknown", `the confirm of a sale was answered ${result.outcome}`);
	}
}
