/** Closes the days of the audit trail that are over: writes the digest of each into Postgres and into the log. */
import { closeAuditDay } from "@holdfast/database";
import type { SweeperDeps } from "./deps.ts";

/**
 * Closes every day that is due, the earliest first, also those that ended while no sweeper ran. Logs one line per day before it is
 * committed: a line may repeat after a crash, but none is missing. The exported log proves what the rows of a day were
 * (docs/security.md). Safe beside another sweeper. Ends early when `signal` is aborted.
 */
export async function closeAuditDays({ database, log }: Pick<SweeperDeps, "database" | "log">, signal?: AbortSignal): Promise<void> {
	while (signal?.aborted !== true) {
		const result = await closeAuditDay(database, {
			onClosing: ({ day, count, sha256 }) => log.info({ day, count, sha256 }, "audit day closed"),
		});
		switch (result.outcome) {
			case "closed":
			case "closed_elsewhere":
				break;
			case "writers_running":
				log.warn({ day: result.day }, "audit day not closed: a transaction that wrote to the trail is still running");
				return;
			case "none_due":
				return;
		}
	}
}
