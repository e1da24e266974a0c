/**
 * The flags that Redis must run with so that no confirmed booking is lost: every acknowledged write is on disk, and no key is evicted.
 * Local Redis servers start with these flags, and a test checks that docker-compose.yml has the same. docs/reliability.md has the
 * effect and the cost of each flag.
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
