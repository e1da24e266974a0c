/** The format of a history (the requests of clients and their answers), and the checker that compares it with the ledger. */
export { type AtRest, readAtRest } from "./at-rest.ts";
export { findHistoryViolations, type Promised, type Rule, type Violation } from "./find-history-violations.ts";
export type { AnsweredBooking, Asked, Operation } from "./operation.ts";
export { reconstructStories } from "./reconstruct-stories.ts";
