/** What tests and the bench stand on: servers of their own, databases of their own. Imported by nothing that ships. */

export * from "./ask-redis.ts";
export * from "./build-showtime.ts";
export * from "./create-random.ts";
export { createTestDatabase, type TestDatabase } from "./create-test-database.ts";
export * from "./find-seat-flaws.ts";
export * from "./follow-seats.ts";
export * from "./history/index.ts";
export { type HeldLock, holdLock } from "./hold-lock.ts";
export { howLong } from "./how-long.ts";
export * from "./insert-rows.ts";
export * from "./install-snapshot.ts";
export * from "./mint-tokens.ts";
export * from "./open-proof.ts";
export { openTestProxy, type TestProxy } from "./open-test-proxy.ts";
export * from "./parse-seat-events.ts";
export * from "./reference-model.ts";
export { startTestRedis, type TestRedis } from "./start-test-redis.ts";
export { waitUntil } from "./wait-until.ts";
