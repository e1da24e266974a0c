/** Ends quarantines whose time is over, and counts the showtimes in quarantine. */
import { countQuarantined, listQuarantineEnded, type QuarantinedShowtime } from "@holdfast/database";
import { openQuarantinedShowtime } from "@holdfast/rebuild";
import type { SweeperDeps } from "./deps.ts";
import type { RebuildQueue } from "./queue-rebuilds.ts";
import { runEach } from "./run-each.ts";

/**
 * Puts the seats of showtimes on sale whose quarantine has lasted `quarantineMs`, and sets the metric of showtimes in quarantine. Requests
 * a rebuild for a showtime that must be rebuilt first. Safe to repeat.
 */
export async function endQuarantines(deps: SweeperDeps, rebuilds: RebuildQueue): Promise<void> {
	const { database, metrics, log, quarantineMs } = deps;
	if (quarantineMs !== null) {
		const end = async ({ showtimeId }: QuarantinedShowtime): Promise<void> => {
			const { outcome } = await openQuarantinedShowtime(deps, showtimeId, null);
			if (outcome === "not_ready") rebuilds.request(showtimeId);
			else if (outcome !== "locked") log.info({ showtimeId, outcome }, "quarantine ended");
		};
		await runEach(await listQuarantineEnded(database, quarantineMs), end, { log, fieldsOf: ({ showtimeId }) => ({ showtimeId }) });
	}
	metrics.quarantinedShowtimes.set(await countQuarantined(database));
}
