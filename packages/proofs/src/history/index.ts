/** What clients asked and were told, and whether it fits what the stores say: one format, one checker. */
export { type AtRest, readAtRest } from "./at-rest.ts";
export { type Flaw, findHistoryFlaws, type Promised, type Rule } from "./find-history-flaws.ts";
export type { AnsweredBooking, Asked, Operation } from "./operation.ts";
export { reconstructStories } from "./reconstruct-stories.ts";
