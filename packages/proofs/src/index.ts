/**
 * Checks the product from outside: a client of the seat stream, the history checker, the reference model, and a proof that compares
 * Redis with the ledger. Used by tests and the bench only.
 */

export * from "./follow-seats.ts";
export * from "./history/index.ts";
export * from "./open-proof.ts";
export * from "./reference-model.ts";
