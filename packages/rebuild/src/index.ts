/**
 * Rebuilds: merge what Postgres and Redis know of a showtime, and install the result in the seat store so that it can be booked. Also what
 * operators and staff look at and do across both stores when something went wrong.
 */
export { createRebuilder, type Rebuilder, type RebuilderOptions } from "./create-rebuilder.ts";
export { openQuarantinedSeats } from "./open-quarantined-seats.ts";
export { openQuarantinedShowtime } from "./open-quarantined-showtime.ts";
export { ALARM_GUIDES, ALARM_ITEMS_MAX, ALARM_STATUSES, type Alarm, type AlarmReport, type Alarms, readAlarms } from "./read-alarms.ts";
export type { RebuildOutcome } from "./rebuild-showtime.ts";
export { replayDeadLetter } from "./replay-dead-letter.ts";
export { withOpenShowtime } from "./with-open-showtime.ts";
