/** The dependencies of the sweeper's parts. main.ts creates them. */
import type { Database } from "@holdfast/database";
import type { Limits } from "@holdfast/domain";
import type { Logger } from "@holdfast/runtime";
import type { SeatStore } from "@holdfast/seat-store";
import type { SweeperMetrics } from "./sweeper-metrics.ts";

/** Stores, limits, metrics and log of one sweeper. */
export type SweeperDeps = {
	readonly seatStore: SeatStore;
	readonly database: Database;
	readonly limits: Limits;
	/** How long free seats stay in quarantine after a proven loss, in ms; null: until an operator ends the quarantine. */
	readonly quarantineMs: number | null;
	readonly metrics: SweeperMetrics;
	readonly log: Logger;
};
