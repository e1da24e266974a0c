/** For the tests of this room and of the rooms above it: what only a test does with a seat store. */

export * from "./find-seat-flaws.ts";
export { injectClock } from "./inject-clock.ts";
export { installSnapshot } from "./install-snapshot.ts";
