/** For the tests of the rooms above: what only a test does with a seat store, and the keys that it may look into. */

export * from "../keys.ts";
export { buy, held, installedShowtime } from "./buy-seats.ts";
export { changeRecord } from "./change-record.ts";
export * from "./find-seat-violations.ts";
export { injectClock } from "./inject-clock.ts";
export { installSnapshot } from "./install-snapshot.ts";
export { untilReachable } from "./until-reachable.ts";
