/** Bodies that were rendered once and are sent as they are: of each thing the newest, under the tag that tells it from others. */
import { LRUCache } from "lru-cache";

export type KeptBodies<Key> = {
	/** The body under this tag; `render` makes its text when it is not there. Everything the text depends on must be in the tag. */
	body(key: Key, tag: string, render: () => string): Buffer;
};

/** Keeps bytes, not text: a large matrix is then encoded once, not for each reader. */
export function keepBodies<Key extends string>({ bytesMax }: { bytesMax: number }): KeptBodies<Key> {
	const cache = new LRUCache<Key, { readonly tag: string; readonly bytes: Buffer }>({
		maxSize: bytesMax,
		sizeCalculation: ({ bytes }) => bytes.length,
	});
	return {
		body(key, tag, render) {
			const kept = cache.get(key);
			if (kept?.tag === tag) return kept.bytes;
			const bytes = Buffer.from(render());
			cache.set(key, { tag, bytes });
			return bytes;
		},
	};
}
