/** The typed client of the Holdfast API. It imports no server code and runs in browsers and in Node. */
export * from "./create-client.ts";
export { isRepeatable, type RetryOptions, type Send } from "./retry.ts";
export type * from "./schema.ts";
export * from "./server-clock.ts";
export { createSessionTokens, type SessionTokens, type SessionTokensOptions, type TokenProvider } from "./tokens.ts";
export type { WatchSeats, WatchSeatsOptions } from "./watch-seats.ts";
