/** A map that forgets what was used longest ago once it weighs too much. For what can always be read again. */

export type BoundedCache<Key, Value> = {
	get(key: Key): Value | undefined;
	/** Keep a value; what alone weighs more than the whole cache may is not kept. */
	set(key: Key, value: Value): void;
	delete(key: Key): void;
	readonly size: number;
};

/** `weigh` gives an entry's share of `weightMax`; by default every entry weighs 1. Must not change while it is kept. */
export function createBoundedCache<Key, Value>(options: { weightMax: number; weigh?: (value: Value) => number }): BoundedCache<Key, Value> {
	const { weightMax, weigh = () => 1 } = options;
	const entries = new Map<Key, Value>();
	let weight = 0;

	function remove(key: Key): void {
		const value = entries.get(key);
		if (value !== undefined && entries.delete(key)) weight -= weigh(value);
	}

	return {
		get(key) {
			const value = entries.get(key);
			if (value !== undefined) {
				entries.delete(key);
				entries.set(key, value);
			}
			return value;
		},
		set(key, value) {
			remove(key);
			entries.set(key, value);
			weight += weigh(value);
			for (const oldest of entries.keys()) {
				if (weight <= weightMax) break;
				remove(oldest);
			}
		},
		delete: remove,
		get size() {
			return entries.size;
		},
	};
}
