/**
 * What tests and the bench need to run: a private Redis, database and proxy, builders of domain values, rows and tokens. Production
 * code never imports this package.
 */

export * from "./ask-redis.ts";
export * from "./build-showtime.ts";
export { byRunLength } from "./by-run-length.ts";
export * from "./create-random.ts";
export { APPLICATION_ROLE, createTestDatabase, TEMPLATE_DATABASE, type TestDatabase } from "./create-test-database.ts";
export { type HeldLock, holdLock } from "./hold-lock.ts";
export * from "./insert-rows.ts";
export { idOf, insertSales, type SalesOptions } from "./insert-sales.ts";
export * from "./mint-tokens.ts";
export { openTestProxy, type TestProxy } from "./open-test-proxy.ts";
export * from "./parse-seat-events.ts";
export { type SpawnedApp, spawnApp } from "./spawn-app.ts";
export { startTestRedis, type TestRedis } from "./start-test-redis.ts";
export { timeWork } from "./time-work.ts";
export { waitUntil } from "./wait-until.ts";
