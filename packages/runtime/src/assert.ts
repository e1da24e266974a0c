/**
 * Throws `broken invariant: <message>` unless `condition` is truthy. Runs in production too. Use it for what must never happen;
 * everything else is an outcome. `message` says what is wrong, not what is expected.
 */
export function assert(condition: unknown, message: string): asserts condition {
	if (!condition) throw new Error(`broken invariant: ${message}`);
}

/** The default of an exhaustive switch: compiles only if every case is handled, and throws if a value slips through at runtime. */
export function unreachable(value: never): never {
	throw new Error(`broken invariant: unhandled case ${JSON.stringify(value)}`);
}
