/** Throw when an invariant is broken. For what cannot happen; what can happen is an outcome. Stays on in production. */
export function assert(condition: unknown, message: string): asserts condition {
	if (!condition) throw new Error(`broken invariant: ${message}`);
}

/** Close an exhaustive switch: compiles only if every case was handled. */
export function unreachable(value: never): never {
	throw new Error(`broken invariant: unhandled case ${JSON.stringify(value)}`);
}
