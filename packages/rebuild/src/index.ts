/** Rebuild: put what the ledger knows of a showtime together with what a Redis server has kept of it, and open it for selling. */
export { createRebuilder, type Rebuilder, type RebuilderOptions } from "./create-rebuilder.ts";
export { openQuarantinedShowtime } from "./open-quarantined-showtime.ts";
export type { RebuildOutcome } from "./rebuild-showtime.ts";
export { withOpenShowtime } from "./with-open-showtime.ts";
