/** What the parts of the sweeper are built from, made at the process edge. */
import type { Database } from "@holdfast/database";
import type { Limits } from "@holdfast/domain";
import type { Logger } from "@holdfast/runtime";
import type { SeatStore } from "@holdfast/seat-store";
import type { SweeperMetrics } from "./sweeper-metrics.ts";

export type SweeperDeps = {
	readonly seatStore: SeatStore;
	readonly database: Database;
	readonly limits: Limits;
	/** How long after a proven loss free seats are kept back; null: until a person opens them. */
	readonly quarantineMs: number | null;
	readonly metrics: SweeperMetrics;
	readonly log: Logger;
};
