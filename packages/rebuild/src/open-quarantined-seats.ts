/** Puts the quarantined seats of one showtime on sale, for an operator or the staff. Rebuilds the showtime first if it must be. */
import type { AuditOrigin, Database } from "@holdfast/database";
import type { ShowtimeId } from "@holdfast/domain";
import type { SeatStore } from "@holdfast/seat-store";
import { type OpenQuarantinedOutcome, openQuarantinedShowtime } from "./open-quarantined-showtime.ts";
import { withOpenShowtime } from "./with-open-showtime.ts";

/** `open`: opens a showtime in the seat store. */
type OpenSeatsDeps<NotOpened> = {
	readonly seatStore: SeatStore;
	readonly database: Database;
	readonly open: (showtimeId: ShowtimeId) => Promise<{ readonly outcome: "opened" } | NotOpened>;
};

/**
 * Returns the outcome of `openQuarantinedShowtime`, or that of `open` if the showtime could not be opened, or `recovering`. Writes one audit
 * row if the quarantine ends. Safe to repeat.
 */
export function openQuarantinedSeats<NotOpened extends { readonly outcome: string }>(
	deps: OpenSeatsDeps<NotOpened>,
	showtimeId: ShowtimeId,
	origin: AuditOrigin,
): Promise<
	| Exclude<OpenQuarantinedOutcome, { readonly outcome: "not_ready" | "fenced" }>
	| Exclude<NotOpened, { readonly outcome: "opened" }>
	| { outcome: "recovering" }
> {
	return withOpenShowtime(
		() => deps.open(showtimeId),
		() => openQuarantinedShowtime(deps, showtimeId, origin),
	);
}
