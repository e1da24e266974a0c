/** Ends the quarantine of a showtime: an operator has decided to sell its free seats again, or `QUARANTINE_MS` is over. */
import { type AuditOrigin, type Database, markQuarantineEnded } from "@holdfast/database";
import type { ShowtimeId } from "@holdfast/domain";
import type { SeatStore } from "@holdfast/seat-store";

/**
 * `opened`: `seats` seats are on sale again. `not_quarantined`: there was nothing to do. `not_ready`: the showtime must be rebuilt first;
 * nothing was changed. `locked`: the seats are on sale, but another transaction has locked the showtime's row in the ledger; call again,
 * or the next rebuild puts the seats into quarantine again. `unknown`: the ledger has no such showtime.
 */
export type OpenQuarantinedOutcome =
	| { outcome: "opened"; seats: number }
	| { outcome: "not_quarantined" }
	| { outcome: "not_ready" }
	| { outcome: "locked" }
	| { outcome: "unknown" };

/**
 * Puts the quarantined seats of a showtime on sale, then ends the quarantine in the ledger, with an audit row unless `origin` is null (the
 * time of the quarantine is over). Safe to repeat. If the process dies in
 * between, the ledger still has the quarantine, and the next call finishes. In the other order the seats would stay in quarantine until
 * the next rebuild.
 */
export async function openQuarantinedShowtime(
	{ seatStore, database }: { seatStore: SeatStore; database: Database },
	showtimeId: ShowtimeId,
	origin: AuditOrigin | null,
): Promise<OpenQuarantinedOutcome> {
	const seats = await seatStore.openQuarantined(showtimeId);
	if (seats === null) return { outcome: "not_ready" };
	const { outcome } = await markQuarantineEnded(database, showtimeId, origin);
	return outcome === "ended" ? { outcome: "opened", seats } : { outcome };
}
