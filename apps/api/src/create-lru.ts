/** Caches that keep a number of entries, and that take memory only for the entries they have. */
import { LRUCache } from "lru-cache";

/**
 * Returns an empty cache of at most `entriesMax` entries. Beyond it, the least recently used entry is removed. With `ttlMs`, an entry is
 * kept for that long at most.
 */
export function createLru<Key extends {}, Value extends {}>(entriesMax: number, ttlMs?: number): LRUCache<Key, Value> {
	// `max` would allocate the room of all entries at once, some 10 ms of each start for every cache of this API.
	return new LRUCache({ maxSize: entriesMax, sizeCalculation: () => 1, ...(ttlMs !== undefined && { ttl: ttlMs }) });
}
