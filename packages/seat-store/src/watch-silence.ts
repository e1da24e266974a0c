/** Drops a connection on which replies are awaited and no byte arrives, once a call on it has passed its deadline. */
import type { Connection } from "./connection.ts";

/**
 * Shorter than for a connection in use, because no command is lost with it. A server that is stopped (SIGSTOP) still accepts
 * connections.
 */
const HANDSHAKE_SILENCE_MAX_MS = 2_000;

/** Decides when a silent connection is dropped. */
export type SilenceWatch = {
	/** Drops the connection when it is silent during its handshake. `isOver`: the connection is in use or lost. */
	watchHandshake(connection: Connection, isOver: () => boolean): void;
	/** Called when a call on the connection had no reply by its deadline. */
	onDeadline(connection: Connection, deadlineMs: number): void;
};

/** `silenceMaxMs`: how long a connection in use may be silent while replies are awaited. */
export function createSilenceWatch(silenceMaxMs: number): SilenceWatch {
	let isWatched = false;

	function watch(connection: Connection): void {
		const silentMs = connection.silentMs();
		isWatched = silentMs > 0 && silentMs < silenceMaxMs;
		if (isWatched) setTimeout(() => setImmediate(() => watch(connection)), Math.ceil(silenceMaxMs - silentMs)).unref();
		else if (silentMs > 0) connection.drop();
	}

	function watchHandshake(connection: Connection, isOver: () => boolean): void {
		const check = (): void => {
			if (isOver()) return;
			if (connection.silentMs() >= HANDSHAKE_SILENCE_MAX_MS) connection.drop();
			else watchHandshake(connection, isOver);
		};
		setTimeout(() => setImmediate(check), Math.ceil(HANDSHAKE_SILENCE_MAX_MS - connection.silentMs())).unref();
	}

	return {
		watchHandshake,
		/**
		 * Drops a silent connection, so that a new one notices when the server is back. Also drops a connection with unsent bytes when
		 * the server was silent for half of the deadline: the bytes would be sent when no caller waits for the reply.
		 */
		onDeadline(connection, deadlineMs) {
			const silentMs = connection.silentMs();
			if (silentMs >= silenceMaxMs || (silentMs >= deadlineMs / 2 && connection.hasUnsent())) connection.drop();
			else if (!isWatched) watch(connection);
		},
	};
}
