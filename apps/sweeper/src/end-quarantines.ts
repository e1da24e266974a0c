/** End quarantines whose time is over, and count the showtimes that are in quarantine. */
import { countQuarantined, listQuarantineEnded, type QuarantinedShowtime } from "@holdfast/database";
import { openQuarantinedShowtime } from "@holdfast/rebuild";
import type { SweeperDeps } from "./deps.ts";
import type { RebuildQueue } from "./queue-rebuilds.ts";
import { runEach } from "./run-each.ts";

/** Open what has been in quarantine long enough, and count what is in it. Safe to repeat. */
export async function endQuarantines(deps: SweeperDeps, rebuilds: RebuildQueue): Promise<void> {
	const { database, metrics, log, quarantineMs } = deps;
	if (quarantineMs !== null) {
		const end = async ({ showtimeId }: QuarantinedShowtime): Promise<void> => {
			const { outcome } = await openQuarantinedShowtime(deps, showtimeId);
			if (outcome === "not_ready") rebuilds.request(showtimeId);
			else if (outcome !== "locked") log.info({ showtimeId, outcome }, "quarantine ended");
		};
		await runEach(await listQuarantineEnded(database, quarantineMs), end, { log, fieldsOf: ({ showtimeId }) => ({ showtimeId }) });
	}
	metrics.quarantinedShowtimes.set(await countQuarantined(database));
}
