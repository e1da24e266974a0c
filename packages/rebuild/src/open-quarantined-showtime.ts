/** End the quarantine of a showtime: a person has decided that its free seats may be sold again, or its time is over. */
import { type Database, markQuarantineEnded } from "@holdfast/database";
import type { ShowtimeId } from "@holdfast/domain";
import type { SeatStore } from "@holdfast/seat-store";

/**
 * `not_quarantined`: nothing to do. `not_ready`: it must be rebuilt first; ask again. `locked`: its seats are on sale, but its row in
 * the ledger is locked, so the next rebuild would keep them back again; ask again.
 */
export type OpenQuarantinedOutcome =
	| { outcome: "opened"; seats: number }
	| { outcome: "not_quarantined" }
	| { outcome: "not_ready" }
	| { outcome: "locked" }
	| { outcome: "unknown" };

/**
 * Seats first, ledger second: should this die in between, the ledger still says quarantine, and whoever asks again
 * finishes it. The other way round the seats would stay back until the next rebuild. Safe to repeat.
 */
export async function openQuarantinedShowtime(
	{ seatStore, database }: { seatStore: SeatStore; database: Database },
	showtimeId: ShowtimeId,
): Promise<OpenQuarantinedOutcome> {
	const seats = await seatStore.openQuarantined(showtimeId);
	if (seats === null) return { outcome: "not_ready" };
	const { outcome } = await markQuarantineEnded(database, showtimeId);
	return outcome === "ended" ? { outcome: "opened", seats } : { outcome };
}
