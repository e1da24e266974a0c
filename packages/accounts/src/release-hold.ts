/** Releases one hold of a user whose account is being deleted. */
import type { Database } from "@holdfast/database";
import type { UserId } from "@holdfast/domain";
import type { Rebuilder } from "@holdfast/rebuild";
import type { SeatStore } from "@holdfast/seat-store";
import type { LiveHold } from "./find-live-bookings.ts";

/** The dependencies of a release. */
export type ReleaseDeps = { readonly seatStore: SeatStore; readonly database: Database; readonly rebuilder: Pick<Rebuilder, "rebuild"> };

/**
 * Releases the hold if it still has the version that was read: a confirm in between raises the version, and must not be cancelled here.
 *
 * `done`: the hold cannot be confirmed any more. `recheck`: read the booking again, because it has changed, or because its showtime is
 * being rebuilt or had to be rebuilt first. Throws if a store fails.
 */
export async function releaseHold(deps: ReleaseDeps, userId: UserId, hold: LiveHold): Promise<"done" | "recheck"> {
	const { bookingId, showtimeId, version } = hold;
	const { outcome } = await deps.seatStore.cancelBooking({ bookingId, showtimeId, userId, ifVersion: version });
	switch (outcome) {
		case "cancelled":
		case "showtime_cancelled":
			return "done";
		case "not_ready":
		case "fenced":
			await deps.rebuilder.rebuild(showtimeId, 0);
			return "recheck";
		case "recovering":
		case "version_mismatch":
		case "not_found":
		case "not_loaded":
		case "showtime_started":
		case "busy":
			return "recheck";
	}
}
