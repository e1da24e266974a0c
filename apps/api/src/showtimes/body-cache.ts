/** Caches rendered response bodies: for each key the newest body, identified by its entity tag. */
import { LRUCache } from "lru-cache";

/** A cache of response bodies by key. */
export type BodyCache<Key> = {
	/** Returns the body with this tag and calls `render` if it is not cached. The tag must cover everything that the text depends on. */
	body(key: Key, tag: string, render: () => string): Buffer;
};

/** Returns an empty cache of at most `bytesMax` bytes. It stores bytes, so that a large matrix is encoded once and not per response. */
export function createBodyCache<Key extends string>({ bytesMax }: { bytesMax: number }): BodyCache<Key> {
	const cache = new LRUCache<Key, { readonly tag: string; readonly bytes: Buffer }>({
		maxSize: bytesMax,
		sizeCalculation: ({ bytes }) => bytes.length,
	});
	return {
		body(key, tag, render) {
			const cached = cache.get(key);
			if (cached?.tag === tag) return cached.bytes;
			const bytes = Buffer.from(render());
			cache.set(key, { tag, bytes });
			return bytes;
		},
	};
}
