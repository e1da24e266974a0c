/**
 * One read for all who ask for the same thing at about the same time. Whoever asks while a read is under way waits for the next
 * one, which is sent as soon as that has come back: an answer is never older than its question, a crowd costs one read per round
 * trip, and nobody waits for more than two. (Handing out the answer under way would halve that, and show a person the map from
 * before their own hold.)
 */
export function joinReads<Key, Value>(read: (key: Key) => Promise<Value>): (key: Key) => Promise<Value> {
	const underWay = new Map<Key, { readonly isBack: Promise<void>; next: Promise<Value> | null }>();

	function send(key: Key): Promise<Value> {
		const answer = read(key);
		const isBack = answer.then(
			() => {},
			() => {},
		);
		const lane = { isBack, next: null };
		underWay.set(key, lane);
		// Before whatever waits for the same: that takes this place anew.
		isBack.then(() => lane.next === null && underWay.delete(key));
		return answer;
	}

	return (key) => {
		const lane = underWay.get(key);
		if (lane === undefined) return send(key);
		lane.next ??= lane.isBack.then(() => send(key));
		return lane.next;
	};
}
