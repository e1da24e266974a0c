/**
 * How Redis must run for "confirmed" to mean "kept": every acknowledged write is on disk, and no key is ever evicted.
 * The one table: local Redis servers are spawned with it, and a test holds docker-compose.yml to it. What each flag is
 * worth is told, with figures, in docs/reliability.md.
 */
export const REDIS_FLAGS: readonly (readonly [flag: string, value: string])[] = [
	["appendonly", "yes"],
	["appendfsync", "always"],
	["no-appendfsync-on-rewrite", "no"],
	["maxmemory-policy", "noeviction"],
	["save", ""],
];

/** Returns the flags as arguments of `redis-server`. */
export function redisArguments(): string[] {
	return REDIS_FLAGS.flatMap(([flag, value]) => [`--${flag}`, value]);
}
