/** Test helpers for packages that use the seat store, and the Redis keys that their tests inspect. */

export * from "../keys.ts";
export { buy, holdSeats, installedShowtime, sellByStaff, tryHold, tryStaffHold } from "./buy-seats.ts";
export { changeRecord } from "./change-record.ts";
export * from "./find-seat-violations.ts";
export { injectClock } from "./inject-clock.ts";
export { installSnapshot } from "./install-snapshot.ts";
export { untilReachable } from "./until-reachable.ts";
