/** Correct the seats of conflicts in the seat store: the ledger has given them to another booking. */
import { listUncorrectedConflicts, markConflictCorrected } from "@holdfast/database";
import type { Conflict } from "@holdfast/domain";
import type { SweeperDeps } from "./deps.ts";
import type { RebuildQueue } from "./queue-rebuilds.ts";
import { runEach } from "./run-each.ts";

const CONFLICTS_MAX = 100;

/**
 * Conflicts whose seats the seat store still shows as the loser's. Rows stay open until it was told, so a sweeper that dies
 * between COMMIT and correction has forgotten nothing. Gives how many were corrected. Safe to repeat.
 */
export async function correctConflicts({ seatStore, database, log }: SweeperDeps, rebuilds: RebuildQueue): Promise<number> {
	let corrected = 0;
	const correct = async (conflict: Conflict): Promise<void> => {
		if (!(await seatStore.resolveConflict(conflict))) return rebuilds.request(conflict.showtimeId);
		// Its row may be locked: then this conflict is listed again, and the others are corrected meanwhile.
		if (!(await markConflictCorrected(database, conflict.bookingId))) return;
		log.info({ bookingId: conflict.bookingId, showtimeId: conflict.showtimeId }, "conflict corrected in the seat store");
		corrected += 1;
	};
	await runEach(await listUncorrectedConflicts(database, { limit: CONFLICTS_MAX }), correct, {
		log,
		fieldsOf: ({ bookingId, showtimeId }) => ({ bookingId, showtimeId }),
	});
	return corrected;
}
