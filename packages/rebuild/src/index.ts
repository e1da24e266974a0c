/** Rebuilds: merge what Postgres and Redis know of a showtime, and install the result in the seat store so that it can be booked. */
export { createRebuilder, type Rebuilder, type RebuilderOptions } from "./create-rebuilder.ts";
export { openQuarantinedShowtime } from "./open-quarantined-showtime.ts";
export type { RebuildOutcome } from "./rebuild-showtime.ts";
export { withOpenShowtime } from "./with-open-showtime.ts";
