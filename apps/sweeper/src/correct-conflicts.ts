/** Corrects conflicts in the seat store: seats that the ledger has given to another booking. */
import { listUncorrectedConflicts, markConflictCorrected } from "@holdfast/database";
import type { Conflict } from "@holdfast/domain";
import type { SweeperDeps } from "./deps.ts";
import type { RebuildQueue } from "./queue-rebuilds.ts";
import { runEach } from "./run-each.ts";

const CONFLICTS_MAX = 100;

/**
 * Corrects the conflicts that the ledger lists as uncorrected, and returns how many it corrected. Safe to repeat: a conflict is marked as
 * corrected only after the seat store was changed, so a sweeper that dies in between corrects it again. Requests a rebuild for a showtime
 * that is not open in the seat store.
 */
export async function correctConflicts({ seatStore, database, log }: SweeperDeps, rebuilds: RebuildQueue): Promise<number> {
	let corrected = 0;
	const correct = async (conflict: Conflict): Promise<void> => {
		if (!(await seatStore.resolveConflict(conflict))) return rebuilds.request(conflict.showtimeId);
		// If the conflict's row is locked, this conflict is listed again in the next round.
		if (!(await markConflictCorrected(database, conflict.bookingId))) return;
		log.info({ bookingId: conflict.bookingId, showtimeId: conflict.showtimeId }, "conflict corrected");
		corrected += 1;
	};
	await runEach(await listUncorrectedConflicts(database, { limit: CONFLICTS_MAX }), correct, {
		log,
		fieldsOf: ({ bookingId, showtimeId }) => ({ bookingId, showtimeId }),
	});
	return corrected;
}
