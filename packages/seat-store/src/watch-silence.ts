/** Drops a connection on which answers are awaited and none comes, once a call on it has passed its deadline. */
import type { Connection } from "./connection.ts";

/** Nothing is lost with a connection that is not in use yet. A server that stands still accepts connections too. */
const GREETING_SILENCE_MAX_MS = 2_000;

export type SilenceWatch = {
	/** Until `isOver`: it is in use, or gone. */
	watchGreeting(connection: Connection, isOver: () => boolean): void;
	/** A call on it had no answer by its deadline. */
	onDeadline(connection: Connection, deadlineMs: number): void;
};

export function createSilenceWatch(silenceMaxMs: number): SilenceWatch {
	let isWatched = false;

	function watch(connection: Connection): void {
		const silentMs = connection.silentMs();
		isWatched = silentMs > 0 && silentMs < silenceMaxMs;
		if (isWatched) setTimeout(() => setImmediate(() => watch(connection)), Math.ceil(silenceMaxMs - silentMs)).unref();
		else if (silentMs > 0) connection.drop();
	}

	function watchGreeting(connection: Connection, isOver: () => boolean): void {
		const look = (): void => {
			if (isOver()) return;
			if (connection.silentMs() >= GREETING_SILENCE_MAX_MS) connection.drop();
			else watchGreeting(connection, isOver);
		};
		setTimeout(() => setImmediate(look), Math.ceil(GREETING_SILENCE_MAX_MS - connection.silentMs())).unref();
	}

	return {
		watchGreeting,
		/**
		 * A silent connection is dropped, so that the server's return is noticed. So is one that still holds bytes which the server
		 * has not taken while it said nothing for half of the deadline: they would be sent when nobody awaits their answer.
		 */
		onDeadline(connection, deadlineMs) {
			const silentMs = connection.silentMs();
			if (silentMs >= silenceMaxMs || (silentMs >= deadlineMs / 2 && connection.hasUnsent())) connection.drop();
			else if (!isWatched) watch(connection);
		},
	};
}
