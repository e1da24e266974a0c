/** A seeded random number generator: the same seed always gives the same sequence, so a failed test can be repeated. */
import { uniformInt } from "pure-rand/distribution/uniformInt";
import { mersenne } from "pure-rand/generator/mersenne";

/** A random number generator. */
export type Random = {
	/** Returns an integer from 0 to `bound` - 1; 0 for a bound of 0. */
	below(bound: number): number;
	/** Returns one of the items. Throws for an empty list. */
	pick<T>(items: readonly T[]): T;
	/** Returns true with probability 1 / `n`. */
	once(n: number): boolean;
};

/**
 * Returns a generator for `seed`. It uses pure-rand, as fast-check does, with the Mersenne twister: neighbouring seeds give
 * unrelated numbers from the first number on, so a test can number its requests and use each number as a seed.
 */
export function createRandom(seed: number): Random {
	const generator = mersenne(seed);
	const below = (bound: number): number => uniformInt(generator, 0, Math.max(bound, 1) - 1);
	return {
		below,
		pick(items) {
			const item = items[below(items.length)];
			if (item === undefined) throw new Error("cannot pick from an empty list");
			return item;
		},
		once: (n) => below(n) === 0,
	};
}
