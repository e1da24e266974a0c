/**
 * Sets the length of the long tests. `npm test` runs a short slice of each, some 20 s, so that the whole run stays short.
 * `npm run test:long` sets TEST_LENGTH=long and runs them in full.
 */

/** Returns `long` in `npm run test:long`, else `short`: a number of rounds, a duration in ms, or options of a search. */
export function byRunLength<T>({ short, long }: { readonly short: T; readonly long: T }): T {
	return process.env.TEST_LENGTH === "long" ? long : short;
}
