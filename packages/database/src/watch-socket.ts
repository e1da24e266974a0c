/**
 * A socket to Postgres that closes when the server has fallen silent. The defect of postgres.js 3.4.9: it has no timeout for the answer
 * to a query. A server that is stopped, or a host that vanished, closes no connection, so TCP would hold a query for a quarter of an
 * hour, and its connection with it.
 */
import { connect, type Socket } from "node:net";

export type SocketTarget = { readonly host: string; readonly port: number } | { readonly path: string };

/**
 * Open a socket that destroys itself when something was sent and nothing at all came back for `silenceMaxMs`.
 * An idle connection is left alone. The driver then fails what was in flight on it and connects anew.
 *
 * Under TLS the driver takes the listeners off the socket, so there only the caller's own deadline stands.
 */
export function openWatchedSocket(target: SocketTarget, silenceMaxMs: number): Socket {
	const socket = connect(target);
	let sentWhenHeard = 0;
	socket.on("data", () => {
		sentWhenHeard = socket.bytesWritten;
	});
	// Node calls this after `silenceMaxMs` without a byte either way, and again after the next ones.
	socket.setTimeout(silenceMaxMs);
	socket.on("timeout", () => {
		if (socket.bytesWritten > sentWhenHeard) socket.destroy(new DatabaseSilence(silenceMaxMs));
	});
	return socket;
}

/** Postgres took a statement and said nothing; whether it was run is not known. */
export class DatabaseSilence extends Error {
	override readonly name = "DatabaseSilence";
	readonly code = "DATABASE_SILENCE";
	constructor(silentMs: number) {
		super(`postgres has not answered for ${silentMs} ms`);
	}
}
