/**
 * Opens a socket to Postgres that closes when the server stops answering. This works around a gap in postgres.js 3.4.9, which has no
 * timeout for the answer to a query. A suspended server or an unreachable host closes no connection, so TCP would keep a query and its
 * connection waiting for a quarter of an hour.
 */
import { connect, type Socket } from "node:net";

/** The address of a Postgres server: TCP, or the path of a Unix socket. */
export type SocketTarget = { readonly host: string; readonly port: number } | { readonly path: string };

/**
 * Returns a socket that destroys itself when data was sent and nothing came back for `silenceMaxMs`. The driver then fails the running
 * queries of that connection and reconnects. An idle connection stays open.
 *
 * Under TLS the driver removes the listeners from the socket, so that only the deadline of the caller remains.
 */
export function openWatchedSocket(target: SocketTarget, silenceMaxMs: number): Socket {
	const socket = connect(target);
	let sentAtLastAnswer = 0;
	socket.on("data", () => {
		sentAtLastAnswer = socket.bytesWritten;
	});
	// Node emits `timeout` after `silenceMaxMs` without a byte in either direction, and again after each further `silenceMaxMs`.
	socket.setTimeout(silenceMaxMs);
	socket.on("timeout", () => {
		if (socket.bytesWritten > sentAtLastAnswer) socket.destroy(new DatabaseSilence(silenceMaxMs));
	});
	return socket;
}

/** Thrown when Postgres did not answer a statement that was sent. Postgres may or may not have run that statement. */
export class DatabaseSilence extends Error {
	override readonly name = "DatabaseSilence";
	readonly code = "DATABASE_SILENCE";
	constructor(silentMs: number) {
		super(`postgres has not answered for ${silentMs} ms`);
	}
}
