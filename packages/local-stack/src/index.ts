/** Runs the whole product on this machine with a real Redis and a real PostgreSQL, without Docker: for start, tests and bench. */

export { makeScratchFolder } from "./make-scratch-folder.ts";
export { POSTGRES_DEFAULTS } from "./postgres/postgres-defaults.ts";
export { queryPostgres } from "./postgres/query-postgres.ts";
export { type PostgresOptions, type RunningPostgres, startPostgres } from "./postgres/start-postgres.ts";
export { exitWith } from "./process/exit-with.ts";
export { findFreePort } from "./process/find-free-port.ts";
export { runForeground } from "./process/run-foreground.ts";
export type { Service } from "./process/spawn-service.ts";
export { findRedisServer } from "./redis/find-redis-server.ts";
export { REDIS_FLAGS } from "./redis/redis-flags.ts";
export { sendInlineCommand } from "./redis/send-inline-command.ts";
export { isLinkUp, type RedisOptions, type RunningRedis, startRedis } from "./redis/start-redis.ts";
export { CACHE_FOLDER, COMPILE_CACHE, REPOSITORY_ROOT } from "./repository.ts";
export type { Part } from "./stack/define-part.ts";
export { bundleNameOf, findProgram, PROGRAMS, useBundles } from "./stack/find-program.ts";
export type { DatabaseUrls } from "./stack/read-database-urls.ts";
export { readStackFile, type StackInfo } from "./stack/stack-file.ts";
export { type Stack, type StackOptions, startStack } from "./stack/start-stack.ts";
