/**
 * Limits the pipelined requests of one HTTP/1.1 connection. Clients may pipeline: send requests without waiting for answers. Node parses
 * chunks of up to 64 KiB, starts every request in them, and queues the answers in memory. With this class, at most `REQUESTS_AHEAD_MAX`
 * requests of a connection run or wait for their answer to be sent. The other requests of the chunk are held, and the socket is not read
 * until there is room.
 *
 * Rejected: `server.maxRequestsPerSocket` also closes connections of clients that read all their answers. `parser.pause()` takes effect
 * only at the end of a chunk. A JavaScript stream in front of the parser could split chunks, but every read would go through it.
 */
import type { IncomingMessage, RequestListener, ServerResponse } from "node:http";
import type { Socket } from "node:net";

/** How many requests of one connection may run or wait for their answer to be sent. At this number, reading from the socket pauses. */
export const REQUESTS_AHEAD_MAX = 16;

type Response = ServerResponse<IncomingMessage>;

/** What a pipeline needs from its server. */
export type PipelineHost = {
	/** Starts a request: the application's listener. */
	readonly dispatch: RequestListener;
	/** How many requests all pipelines of the server hold together. Each pipeline updates it. */
	readonly held: { count: number };
};

/** The requests of one connection. The owner calls `accept` for each request, `release` when an answer ends, and `close` with the socket. */
export class RequestPipeline {
	readonly socket: Socket;
	readonly #host: PipelineHost;
	/** Requests that are dispatched and not answered, in order. Node sends their answers in this order. */
	readonly #open: Response[] = [];
	/** Requests that are parsed and not dispatched, in order. At most the requests of one chunk. */
	readonly #held: Response[] = [];
	#isPaused = false;
	#isResumeWatched = false;
	/** Whether later requests are ignored: see `closeAfter` and `whenAnswered`. */
	#isFinal = false;
	#onAnswered: (() => void) | null = null;

	constructor(socket: Socket, host: PipelineHost) {
		this.socket = socket;
		this.#host = host;
	}

	/** Dispatches a request or holds it. Ignores it if the connection has closed, or if an earlier answer is the connection's last. */
	accept(response: Response): "dispatched" | "held" | "ignored" {
		if (this.socket.destroyed) return "ignored";
		if (this.#isFinal) {
			this.#pause();
			return "ignored";
		}
		const isHeld = this.#isFull();
		if (isHeld) {
			this.#held.push(response);
			this.#host.held.count += 1;
		} else {
			this.#dispatch(response);
		}
		if (this.#isFull()) this.#pause();
		return isHeld ? "held" : "dispatched";
	}

	/**
	 * Call it when an answer was written to the socket, or never will be. Dispatches held requests, then reads from the socket again. Safe
	 * to call twice.
	 */
	release(response: Response): void {
		const place = this.#open.indexOf(response);
		if (place === -1) return;
		// Answers are sent in order, so it is nearly always the first. `shift` allocates nothing, `splice` does.
		if (place === 0) this.#open.shift();
		else this.#open.splice(place, 1);
		if (this.socket.destroyed) return;
		while (this.#held.length > 0 && this.#open.length < REQUESTS_AHEAD_MAX) {
			const next = this.#held.shift();
			if (next === undefined) break;
			this.#host.held.count -= 1;
			this.#dispatch(next);
		}
		if (this.#onAnswered !== null) this.#callWhenAnswered();
		else if (!this.#isFinal && !this.#isFull()) this.#resume();
	}

	/** Whether a dispatched request of this connection has no complete answer yet. */
	get hasUnanswered(): boolean {
		return this.#open.length > 0;
	}

	/** How many requests are parsed and not dispatched. */
	get heldCount(): number {
		return this.#held.length;
	}

	/**
	 * Bytes of the answers that wait behind the answer being sent, without the largest one: a client must not be dropped for the size of a
	 * single answer.
	 */
	queuedBytes(): number {
		let sum = 0;
		let largest = 0;
		for (let place = 1; place < this.#open.length; place += 1) {
			const bytes = this.#open[place]?.writableLength ?? 0;
			sum += bytes;
			if (bytes > largest) largest = bytes;
		}
		return sum - largest;
	}

	/**
	 * Makes this answer the last of the connection, because it says `Connection: close`. Requests behind it are not processed (RFC 9112,
	 * 9.6). Those that already run are closed, so that they do not stay in flight for as long as a stream is open.
	 */
	closeAfter(response: Response): void {
		const place = this.#open.indexOf(response);
		if (place === -1) return;
		this.#isFinal = true;
		const behind = this.#open.slice(place + 1);
		if (behind.length > 0 || this.#held.length > 0) this.#pause();
		this.#dropHeld();
		for (const other of behind) other.destroy();
	}

	/**
	 * Calls `callback` once every complete request is answered; at once if there is none. The caller then answers the bytes behind these
	 * requests, which are not a request. No further request is read. A later call replaces a callback that still waits.
	 */
	whenAnswered(callback: () => void): void {
		if (this.socket.destroyed) return;
		this.#isFinal = true;
		this.#onAnswered = callback;
		// Only the last held request can be incomplete. It must not be dispatched: its body will never arrive.
		const last = this.#held.at(-1);
		if (last !== undefined && !last.req.complete) {
			this.#held.pop();
			this.#host.held.count -= 1;
		}
		this.#pause();
		this.#callWhenAnswered();
	}

	/** Call it when the socket has closed: held requests are never dispatched. */
	close(): void {
		this.#onAnswered = null;
		this.#dropHeld();
	}

	#callWhenAnswered(): void {
		// Do not wait for an incomplete request, unless its answer has begun: such an answer ends by itself.
		if (this.#held.length > 0 || this.#open.some(({ req, headersSent }) => req.complete || headersSent)) return;
		const callback = this.#onAnswered;
		this.#onAnswered = null;
		callback?.();
	}

	#dispatch(response: Response): void {
		this.#open.push(response);
		this.#host.dispatch(response.req, response);
	}

	#dropHeld(): void {
		this.#host.held.count -= this.#held.length;
		this.#held.length = 0;
	}

	#isFull(): boolean {
		return this.#held.length > 0 || this.#open.length >= REQUESTS_AHEAD_MAX;
	}

	#pause(): void {
		if (this.#isPaused) return;
		this.#isPaused = true;
		if (!this.#isResumeWatched) {
			this.#isResumeWatched = true;
			// Node resumes the socket at the end of each request. The event is emitted before the socket is read again.
			this.socket.on("resume", () => {
				if (this.#isPaused) this.socket.pause();
			});
		}
		this.socket.pause();
	}

	#resume(): void {
		if (!this.#isPaused) return;
		this.#isPaused = false;
		this.socket.resume();
	}
}
