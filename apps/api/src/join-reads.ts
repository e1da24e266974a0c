/**
 * Returns a function that shares one read among concurrent callers of the same key (request coalescing). A call during a read waits for
 * the next read, which starts as soon as the current one settles. So a result is never older than its call, a crowd costs one read per
 * round trip, and a caller waits for at most two reads. Rejected: sharing the read in flight would halve the wait, but could show a user
 * the map from before that user's own hold. If a read rejects, the callers that share it reject; later reads are not affected.
 */
export function joinReads<Key, Value>(read: (key: Key) => Promise<Value>): (key: Key) => Promise<Value> {
	const inFlight = new Map<Key, { readonly settled: Promise<void>; next: Promise<Value> | null }>();

	function send(key: Key): Promise<Value> {
		const answer = read(key);
		const settled = answer.then(
			() => {},
			() => {},
		);
		const current = { settled, next: null };
		inFlight.set(key, current);
		// Runs before the `then` of a waiting caller, which stores the next read under the same key.
		settled.then(() => current.next === null && inFlight.delete(key));
		return answer;
	}

	return (key) => {
		const current = inFlight.get(key);
		if (current === undefined) return send(key);
		current.next ??= current.settled.then(() => send(key));
		return current.next;
	};
}
