/** What clients asked and were told, and whether it fits what the stores say: one format, one checker. */
export { type AtRest, readAtRest } from "./at-rest.ts";
export { findHistoryViolations, type Promised, type Rule, type Violation } from "./find-history-violations.ts";
export type { AnsweredBooking, Asked, Operation } from "./operation.ts";
export { reconstructStories } from "./reconstruct-stories.ts";
