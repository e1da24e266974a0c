/** Release one hold of a user who can no longer do it. */
import type { Database } from "@holdfast/database";
import type { UserId } from "@holdfast/domain";
import type { Rebuilder } from "@holdfast/rebuild";
import type { SeatStore } from "@holdfast/seat-store";
import type { LiveHold } from "./find-live-bookings.ts";

export type ReleaseDeps = { readonly seatStore: SeatStore; readonly database: Database; readonly rebuilder: Pick<Rebuilder, "rebuild"> };

/**
 * `over`: nobody can confirm it any more. `look_again`: it has changed, or its showtime had to be rebuilt first, or is being rebuilt.
 *
 * Only at the version that was read: a confirm that was faster has raised it, and must not be cancelled here.
 */
export async function releaseHold(deps: ReleaseDeps, userId: UserId, hold: LiveHold): Promise<"over" | "look_again"> {
	const { bookingId, showtimeId, version } = hold;
	const { outcome } = await deps.seatStore.cancelBooking({ bookingId, showtimeId, userId, ifVersion: version });
	switch (outcome) {
		case "cancelled":
		case "showtime_cancelled":
			return "over";
		case "not_ready":
		case "fenced":
			await deps.rebuilder.rebuild(showtimeId, 0);
			return "look_again";
		case "recovering":
		case "version_mismatch":
		case "not_found":
		case "not_loaded":
		case "showtime_started":
		case "busy":
			return "look_again";
	}
}
