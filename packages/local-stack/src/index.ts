/** A real Redis and a real PostgreSQL on this machine, without Docker, for start, test and bench. */

export { queryPostgres } from "./postgres/query-postgres.ts";
export { type PostgresOptions, type RunningPostgres, startPostgres } from "./postgres/start-postgres.ts";
export { findFreePort } from "./process/find-free-port.ts";
export type { Service } from "./process/spawn-service.ts";
export { findRedisServer } from "./redis/find-redis-server.ts";
export { REDIS_FLAGS } from "./redis/redis-flags.ts";
export { type RedisOptions, type RunningRedis, startRedis } from "./redis/start-redis.ts";
