/** Chance with a seed: what was drawn once can be drawn again. */
import { uniformInt } from "pure-rand/distribution/uniformInt";
import { mersenne } from "pure-rand/generator/mersenne";

export type Random = {
	/** An integer from 0 to just below `below`. */
	below(below: number): number;
	/** One of these. */
	pick<T>(items: readonly T[]): T;
	/** True once in `n` times. */
	once(n: number): boolean;
};

/**
 * The library that fast-check draws with. Of its generators the Mersenne twister: neighbouring seeds give unrelated numbers from
 * the first one on, so that a test may give each of its requests a seed of its own.
 */
export function createRandom(seed: number): Random {
	const generator = mersenne(seed);
	const below = (bound: number): number => uniformInt(generator, 0, Math.max(bound, 1) - 1);
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
