/** Tell the seat store what the ledger or the clock has decided: conflicts lose their seats, a quarantine ends. */
import {
	countQuarantined,
	listQuarantineEnded,
	listUncorrectedConflicts,
	markConflictCorrected,
	type QuarantinedShowtime,
	type UncorrectedConflict,
} from "@holdfast/database";
import { openQuarantinedShowtime } from "@holdfast/rebuild";
import type { SweeperDeps } from "./deps.ts";
import type { Rebuilds } from "./rebuild-showtimes.ts";
import { runEach } from "./run-each.ts";

const CONFLICTS_MAX = 100;

/**
 * Conflicts whose seats the seat store still shows as the loser's. Rows stay open until it was told, so a sweeper that dies
 * between COMMIT and correction has forgotten nothing. Gives how many were corrected. Safe to repeat.
 */
export async function correctConflicts({ seatStore, database, log }: SweeperDeps, rebuilds: Rebuilds): Promise<number> {
	let corrected = 0;
	const correct = async (conflict: UncorrectedConflict): Promise<void> => {
		if (!(await seatStore.resolveConflict(conflict))) return rebuilds.want(conflict.showtimeId);
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

/** Open what has been in quarantine long enough, and count what is in it. Safe to repeat. */
export async function endQuarantines(deps: SweeperDeps, rebuilds: Rebuilds): Promise<void> {
	const { database, metrics, log, quarantineMs } = deps;
	if (quarantineMs !== null) {
		const end = async ({ showtimeId }: QuarantinedShowtime): Promise<void> => {
			const { outcome } = await openQuarantinedShowtime(deps, showtimeId);
			if (outcome === "not_ready") rebuilds.want(showtimeId);
			else if (outcome !== "locked") log.info({ showtimeId, outcome }, "quarantine ended");
		};
		await runEach(await listQuarantineEnded(database, quarantineMs), end, { log, fieldsOf: ({ showtimeId }) => ({ showtimeId }) });
	}
	metrics.quarantinedShowtimes.set(await countQuarantined(database));
}
