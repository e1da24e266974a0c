/**
 * Limits what slow clients cost an HTTP server. Requests of a connection are dispatched a few at a time (`request-pipeline.ts`), and
 * connections whose client does not accept its answers are dropped. A client is never dropped for bytes that the server has not sent
 * yet, because the request still runs or the stream has no event.
 */
import type { IncomingMessage, RequestListener, Server, ServerResponse } from "node:http";
import type { Socket } from "node:net";
import { RequestPipeline } from "./request-pipeline.ts";
import { inodeOf, readUnacknowledged, readWriteProgress } from "./write-progress.ts";

/**
 * A connection is dropped when more bytes of answers than this are queued behind the answer being sent. Neither the answer being sent
 * nor the largest queued one counts: the size of a single answer is never a reason. Sixteen seat maps of 15,000 seats fit.
 */
export const QUEUED_ANSWER_BYTES_MAX = 16 * 1024 * 1024;
/**
 * Requests that may be parsed but not dispatched yet, of all connections together. The connection of the next such request is dropped.
 * Each takes 2 KB of memory.
 */
export const HELD_REQUESTS_MAX = 100_000;
/** How long a client may accept no bytes while bytes wait to be sent to it, in ms. */
export const ANSWER_TIMEOUT_SPEC = { env: "ANSWER_TIMEOUT_MS", default: 30_000, min: 1_000, max: 300_000 } as const;

/** The longest time between two checks of all connections. */
const SWEEP_EVERY_MAX_MS = 1_000;
/** How often, per timeout, the kernel's tables are read for connections that seem stalled. Reading them costs more than a sweep. */
const KERNEL_CHECKS_PER_TIMEOUT = 4;

/**
 * Why a connection was dropped. `answer_not_accepted`: bytes waited to be sent, and the client accepted none within the timeout.
 * `answers_queued`: too many bytes were queued behind the answer being sent. `requests_held`: all connections together held too many
 * requests.
 */
export const DROP_REASONS = ["answer_not_accepted", "answers_queued", "requests_held"] as const;
/** One of `DROP_REASONS`. */
export type DropReason = (typeof DROP_REASONS)[number];

/**
 * A dropped connection. `waitingBytes`: unsent bytes of the answer being sent. `queuedBytes`: bytes of the answers behind it, without the
 * largest. `heldRequests`: requests that were parsed and never dispatched.
 */
export type Drop = {
	readonly reason: DropReason;
	readonly waitingBytes: number;
	readonly queuedBytes: number;
	readonly heldRequests: number;
};

/** The limits of a guard. Defaults: `QUEUED_ANSWER_BYTES_MAX` and `HELD_REQUESTS_MAX`. */
export type GuardOptions = {
	/** A connection is dropped when its client accepts nothing of a pending answer for this long, ms. */
	readonly answerTimeoutMs: number;
	/** Of one connection, behind the answer being sent. */
	readonly queuedAnswerBytesMax?: number;
	/** Of all connections together. */
	readonly heldRequestsMax?: number;
	/** Called after a connection was reset. */
	readonly onDrop?: (drop: Drop) => void;
};

/** Guards the connections of one server. */
export type ConnectionGuard = {
	/** Wraps the application's listener. Create the server with the result. */
	wrap(listener: RequestListener): RequestListener;
	/** Checks the connections regularly while the server listens. Call it once, before the server listens. */
	watch(server: Server): void;
	/** Makes this answer the last of its connection: later requests of the connection are not processed. For streams, which stay open. */
	closeAfter(response: ServerResponse): void;
	/** Calls `refuse` once every complete request of this socket is answered. For bytes behind them that are not a request. */
	whenAnswered(socket: Socket, refuse: () => void): void;
	/** How many connections were dropped, by reason. */
	dropped(): Readonly<Record<DropReason, number>>;
};

type GuardedConnection = {
	readonly pipeline: RequestPipeline;
	/** Bytes that the kernel had accepted at the last sweep. */
	taken: number;
	/** Bytes that the peer had not acknowledged at the last kernel check; null: not checked since the connection last moved. */
	unacknowledged: number | null;
	/** For how long the client has accepted nothing, in ms. */
	stalledMs: number;
};

/** Creates a guard. Each server needs its own. */
export function createConnectionGuard(options: GuardOptions): ConnectionGuard {
	const { answerTimeoutMs, queuedAnswerBytesMax = QUEUED_ANSWER_BYTES_MAX, heldRequestsMax = HELD_REQUESTS_MAX, onDrop } = options;
	const kernelCheckEveryMs = answerTimeoutMs / KERNEL_CHECKS_PER_TIMEOUT;
	const sweepEveryMs = Math.min(SWEEP_EVERY_MAX_MS, kernelCheckEveryMs);
	const connections = new Map<Socket, GuardedConnection>();
	const counts: Record<DropReason, number> = { answer_not_accepted: 0, answers_queued: 0, requests_held: 0 };
	const held = { count: 0 };
	let nextKernelCheckMs = 0;

	function open(socket: Socket, dispatch: RequestListener): GuardedConnection {
		const pipeline = new RequestPipeline(socket, { dispatch, held });
		const connection: GuardedConnection = { pipeline, taken: 0, unacknowledged: null, stalledMs: 0 };
		connections.set(socket, connection);
		socket.once("close", () => {
			pipeline.close();
			connections.delete(socket);
		});
		return connection;
	}

	function drop({ pipeline }: GuardedConnection, reason: DropReason): void {
		const { socket, heldCount } = pipeline;
		if (socket.destroyed) return;
		const [waitingBytes, queuedBytes] = [readWriteProgress(socket)?.waiting ?? 0, pipeline.queuedBytes()];
		// A reset also frees the kernel's send buffer. An orderly close would keep it for minutes.
		socket.resetAndDestroy();
		pipeline.close();
		counts[reason] += 1;
		onDrop?.({ reason, waitingBytes, queuedBytes, heldRequests: heldCount });
	}

	/** One function for all answers, so that nothing is allocated per request. */
	function release(this: ServerResponse<IncomingMessage>): void {
		connections.get(this.req.socket)?.pipeline.release(this);
	}

	async function sweep(): Promise<void> {
		const stalled: GuardedConnection[] = [];
		for (const connection of connections.values()) {
			if (!connection.pipeline.hasUnanswered) continue;
			if (connection.pipeline.queuedBytes() > queuedAnswerBytesMax) drop(connection, "answers_queued");
			else if (isStalled(connection, sweepEveryMs)) stalled.push(connection);
		}
		const nowMs = performance.now();
		if (stalled.length === 0 || nowMs < nextKernelCheckMs) return;
		// Half a sweep early: a sweep whose timer fires a little early must not miss its check.
		nextKernelCheckMs = nowMs + kernelCheckEveryMs - sweepEveryMs / 2;
		await resetSlowReaders(stalled);
		for (const connection of stalled) if (connection.stalledMs >= answerTimeoutMs) drop(connection, "answer_not_accepted");
	}

	return {
		wrap: (listener) => (request, response) => {
			const { socket } = request;
			const connection = connections.get(socket) ?? open(socket, listener);
			// Not `once`: the event comes only once, and the wrapper of `once` costs more than all the rest here.
			response.on("close", release);
			if (connection.pipeline.accept(response) === "held" && held.count > heldRequestsMax) drop(connection, "requests_held");
		},
		watch: (server) => repeatWhileListening(server, sweep, sweepEveryMs),
		closeAfter: (response) => connections.get(response.req.socket)?.pipeline.closeAfter(response),
		whenAnswered(socket, refuse) {
			const connection = connections.get(socket);
			if (connection === undefined) refuse();
			else connection.pipeline.whenAnswered(refuse);
		},
		dropped: () => ({ ...counts }),
	};
}

/** Runs `task` every `everyMs`, from when the server listens until it has closed. The timer does not keep the process alive. */
function repeatWhileListening(server: Server, task: () => Promise<void>, everyMs: number): void {
	let timer: NodeJS.Timeout | undefined;
	const next = (): void => {
		timer = setTimeout(() => task().finally(() => timer && next()), everyMs).unref();
	};
	server.once("listening", next);
	server.once("close", () => {
		clearTimeout(timer);
		timer = undefined;
	});
}

/**
 * Whether bytes wait and the kernel has accepted none since the last sweep. Adds one interval to `stalledMs`, even if this process was
 * short of CPU and the sweep is late: the client is not to blame for that.
 */
function isStalled(connection: GuardedConnection, sweepEveryMs: number): boolean {
	const progress = readWriteProgress(connection.pipeline.socket);
	const isMoving = progress === null || progress.waiting === 0 || progress.taken !== connection.taken;
	if (!isMoving) {
		connection.stalledMs += sweepEveryMs;
		return true;
	}
	connection.taken = progress?.taken ?? 0;
	connection.unacknowledged = null;
	connection.stalledMs = 0;
	return false;
}

/** Sets `stalledMs` to 0 if the peer has acknowledged bytes since the last kernel check, or if this is the connection's first check. */
async function resetSlowReaders(stalled: readonly GuardedConnection[]): Promise<void> {
	const inodes = new Map<string, GuardedConnection>();
	for (const connection of stalled) {
		const inode = inodeOf(connection.pipeline.socket);
		if (inode !== null) inodes.set(inode, connection);
	}
	for (const [inode, unacknowledged] of await readUnacknowledged(new Set(inodes.keys()))) {
		const connection = inodes.get(inode);
		if (connection === undefined) continue;
		if (connection.unacknowledged === null || unacknowledged < connection.unacknowledged) connection.stalledMs = 0;
		connection.unacknowledged = unacknowledged;
	}
}
