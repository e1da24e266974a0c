/**
 * The one knob of the long tests: a slice of each in `npm test`, the whole of it in `npm run test:long`, which sets
 * TEST_LENGTH. A slice takes some 20 s, so that all of them fit into the five minutes of `npm test`.
 */

/** The one of the two that this run is for: how many rounds, how many milliseconds, how much of a world. */
export function howLong<T>({ short, long }: { readonly short: T; readonly long: T }): T {
	return process.env.TEST_LENGTH === "long" ? long : short;
}
