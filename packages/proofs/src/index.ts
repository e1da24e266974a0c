/** What proves the product from outside: a follower of the seat stream, the history checker, the reference model, a look at the stores. */

export * from "./follow-seats.ts";
export * from "./history/index.ts";
export * from "./open-proof.ts";
export * from "./reference-model.ts";
