/**
 * The requests of one HTTP/1.1 connection. Clients may pipeline: send requests without awaiting answers. Node parses whole chunks of up
 * to 64 KiB, starts every request in them, and queues the answers in memory. Here at most `REQUESTS_AHEAD_MAX` requests of a
 * connection run or wait for their answer to be sent. The rest of a chunk is held, and nothing further is read until there is room.
 *
 * Rejected: `server.maxRequestsPerSocket` closes connections of clients that read everything they are sent. `parser.pause()` takes effect
 * at the end of a chunk only. A JavaScript stream in front of the parser could split chunks, but every read would go through it.
 */
import type { IncomingMessage, RequestListener, ServerResponse } from "node:http";
import type { Socket } from "node:net";

/** Requests of one connection that run, or whose answer is not sent yet, before reading from it pauses. */
export const REQUESTS_AHEAD_MAX = 16;

type Response = ServerResponse<IncomingMessage>;

/** What a pipeline needs of the server that it belongs to. */
export type PipelineHost = {
	/** Starts a request. */
	readonly dispatch: RequestListener;
	/** Requests held by all pipelines of the server together; each pipeline keeps it up to date. */
	readonly held: { count: number };
};

/** Made with the connection; the owner calls `close` when the socket closes and `release` when an answer ends. */
export class RequestPipeline {
	readonly socket: Socket;
	readonly #host: PipelineHost;
	/** Dispatched and unanswered, in order. Node sends the answers in the order of the requests, whichever is ready first. */
	readonly #open: Response[] = [];
	/** Parsed and not dispatched, in order. At most what one chunk contains. */
	readonly #held: Response[] = [];
	#isPaused = false;
	#isResumeWatched = false;
	/** Nothing behind the open requests is dispatched: see `closeAfter` and `whenAnswered`. */
	#isFinal = false;
	#onAnswered: (() => void) | null = null;

	constructor(socket: Socket, host: PipelineHost) {
		this.socket = socket;
		this.#host = host;
	}

	/** Dispatches the request, or holds it. Ignores it when the connection is closed, or its last answer is known. */
	take(response: Response): "dispatched" | "held" | "ignored" {
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

	/** The answer has been handed to the kernel, or will never be: dispatches what was held, then reads on. Safe to call twice. */
	release(response: Response): void {
		const place = this.#open.indexOf(response);
		if (place === -1) return;
		// Nearly always the first: answers are sent in order. `splice` would allocate.
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

	/** Whether any request of this connection has no complete answer yet. */
	get isOwing(): boolean {
		return this.#open.length > 0;
	}

	/** Requests that are parsed and not dispatched. */
	get heldCount(): number {
		return this.#held.length;
	}

	/** Bytes of answers that wait for the answer in front of them, without the largest: the size of one answer is nobody's fault. */
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
	 * This answer is the connection's last, because it says `Connection: close`. Requests behind it are not processed (RFC 9112, 9.6):
	 * those that run already are closed, so that none is in flight for as long as a stream stays open.
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
	 * Calls back when every request that arrived whole is answered, for what is then said about the bytes behind them: at once, if there is
	 * none. No further request is read. A later call replaces an earlier one that still waits.
	 */
	whenAnswered(callback: () => void): void {
		if (this.socket.destroyed) return;
		this.#isFinal = true;
		this.#onAnswered = callback;
		// The one that broke off is the last. It is never dispatched, or will never be read to its end.
		const last = this.#held.at(-1);
		if (last !== undefined && !last.req.complete) {
			this.#held.pop();
			this.#host.held.count -= 1;
		}
		this.#pause();
		this.#callWhenAnswered();
	}

	/** The socket has closed: what was held is never dispatched. */
	close(): void {
		this.#onAnswered = null;
		this.#dropHeld();
	}

	#callWhenAnswered(): void {
		// One whose answer began before its request broke off ends by itself.
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
			// Node resumes the socket by itself at the end of each request. The event comes before the socket is read again.
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
