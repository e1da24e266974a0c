/** Chance with a seed: what was drawn can be drawn again. */

export type Random = {
	/** An integer from 0 to just below `below`. */
	below(below: number): number;
	/** One of these. */
	pick<T>(items: readonly T[]): T;
	/** True once in `n` times. */
	once(n: number): boolean;
};

/** `mulberry32`: small, quick, and good enough to choose by. */
export function createRandom(seed: number): Random {
	let state = seed >>> 0;
	const next = (): number => {
		state = (state + 0x6d2b79f5) >>> 0;
		let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
		mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
		return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
	};
	const below = (bound: number): number => Math.floor(next() * bound);
	return {
		below,
		pick(items) {
			const item = items[below(items.length)];
			if (item === undefined) throw new Error("there is nothing to pick from");
			return item;
		},
		once: (n) => below(n) === 0,
	};
}
