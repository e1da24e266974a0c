/**
 * Bounds how answers leave an HTTP server. Requests of a connection are dispatched a few at a time (`request-pipeline.ts`), and connections
 * whose client does not take its answers are dropped. What a client is not sent yet, because its request still runs or a stream has
 * nothing to say, is never held against it.
 */
import type { IncomingMessage, RequestListener, Server, ServerResponse } from "node:http";
import type { Socket } from "node:net";
import { RequestPipeline } from "./request-pipeline.ts";
import { inodeOf, readUnacknowledged, readWriteProgress } from "./write-progress.ts";

/**
 * Bytes of answers queued behind the one being sent, past which a connection is dropped. Neither the answer being sent nor the largest
 * behind it counts: the size of a single answer is never a reason. Sixteen matrices of a hall of 15,000 seats fit.
 */
export const QUEUED_ANSWER_BYTES_MAX = 16 * 1024 * 1024;
/** Requests that are parsed and not dispatched, of all connections together, past which the next one's connection is dropped: 2 KB each. */
export const HELD_REQUESTS_MAX = 100_000;
/** How long a client may accept nothing while bytes wait for it, ms. */
export const ANSWER_TIMEOUT_SPEC = { env: "ANSWER_TIMEOUT_MS", default: 30_000, min: 1_000, max: 300_000 } as const;

/** How often all connections are looked at, and how often the kernel is asked about those that seem stalled: that costs more. */
const SWEEP_EVERY_MAX_MS = 1_000;
const LOOKS_PER_TIMEOUT = 4;

/**
 * Why a connection was dropped. `answer_not_accepted`: bytes wait, and its client accepted none for the timeout. `answers_queued`: too many
 * bytes of answers behind the one being sent. `requests_held`: too many requests held, all connections together.
 */
export const DROP_REASONS = ["answer_not_accepted", "answers_queued", "requests_held"] as const;
export type DropReason = (typeof DROP_REASONS)[number];

/** `waitingBytes`: of the answer being sent. `queuedBytes`: of those behind. `heldRequests`: never dispatched. */
export type Drop = {
	readonly reason: DropReason;
	readonly waitingBytes: number;
	readonly queuedBytes: number;
	readonly heldRequests: number;
};

export type GuardOptions = {
	readonly answerTimeoutMs: number;
	readonly queuedAnswerBytesMax?: number;
	readonly heldRequestsMax?: number;
	/** Called after the connection was reset. */
	readonly onDrop?: (drop: Drop) => void;
};

export type ConnectionGuard = {
	/** The listener to create the server with. */
	wrap(listener: RequestListener): RequestListener;
	/** Sweeps the connections from when the server listens until it has closed. Call it once, before it listens. */
	watch(server: Server): void;
	/** This answer is its connection's last: nothing behind it is processed. For streams, which stay open. */
	closeAfter(response: ServerResponse): void;
	/** Calls back when what arrived whole on this socket is answered, to refuse what came behind. */
	whenAnswered(socket: Socket, refuse: () => void): void;
	/** How many connections were dropped, by reason. */
	dropped(): Readonly<Record<DropReason, number>>;
};

type Watched = {
	readonly pipeline: RequestPipeline;
	/** What the kernel had taken, and what the peer had not acknowledged, at the last look; null: not looked yet. */
	taken: number;
	unacknowledged: number | null;
	/** For how long the client accepted nothing, ms. */
	stalledMs: number;
};

/** One per server. */
export function createConnectionGuard(options: GuardOptions): ConnectionGuard {
	const { answerTimeoutMs, queuedAnswerBytesMax = QUEUED_ANSWER_BYTES_MAX, heldRequestsMax = HELD_REQUESTS_MAX, onDrop } = options;
	const lookEveryMs = answerTimeoutMs / LOOKS_PER_TIMEOUT;
	const sweepEveryMs = Math.min(SWEEP_EVERY_MAX_MS, lookEveryMs);
	const connections = new Map<Socket, Watched>();
	const counts: Record<DropReason, number> = { answer_not_accepted: 0, answers_queued: 0, requests_held: 0 };
	const held = { count: 0 };
	let nextLookMs = 0;

	function open(socket: Socket, dispatch: RequestListener): Watched {
		const pipeline = new RequestPipeline(socket, { dispatch, held });
		const watched: Watched = { pipeline, taken: 0, unacknowledged: null, stalledMs: 0 };
		connections.set(socket, watched);
		socket.once("close", () => {
			pipeline.close();
			connections.delete(socket);
		});
		return watched;
	}

	function drop({ pipeline }: Watched, reason: DropReason): void {
		const { socket, heldCount } = pipeline;
		if (socket.destroyed) return;
		const [waitingBytes, queuedBytes] = [readWriteProgress(socket)?.waiting ?? 0, pipeline.queuedBytes()];
		// A reset frees the kernel's send buffer as well, which an orderly end would keep for minutes.
		socket.resetAndDestroy();
		pipeline.close();
		counts[reason] += 1;
		onDrop?.({ reason, waitingBytes, queuedBytes, heldRequests: heldCount });
	}

	/** One function for all answers: nothing is allocated per request. */
	function release(this: ServerResponse<IncomingMessage>): void {
		connections.get(this.req.socket)?.pipeline.release(this);
	}

	async function sweep(): Promise<void> {
		const stalled: Watched[] = [];
		for (const watched of connections.values()) {
			if (!watched.pipeline.isOwing) continue;
			if (watched.pipeline.queuedBytes() > queuedAnswerBytesMax) drop(watched, "answers_queued");
			else if (isStalled(watched, sweepEveryMs)) stalled.push(watched);
		}
		const nowMs = performance.now();
		if (stalled.length === 0 || nowMs < nextLookMs) return;
		// Not put off by half a sweep that came early.
		nextLookMs = nowMs + lookEveryMs - sweepEveryMs / 2;
		await forgiveSlowReaders(stalled);
		for (const watched of stalled) if (watched.stalledMs >= answerTimeoutMs) drop(watched, "answer_not_accepted");
	}

	return {
		wrap: (listener) => (request, response) => {
			const { socket } = request;
			const watched = connections.get(socket) ?? open(socket, listener);
			// Not `once`: its wrapper and removal cost more than the rest, and the event comes once.
			response.on("close", release);
			if (watched.pipeline.take(response) === "held" && held.count > heldRequestsMax) drop(watched, "requests_held");
		},
		watch: (server) => repeatWhileListening(server, sweep, sweepEveryMs),
		closeAfter: (response) => connections.get(response.req.socket)?.pipeline.closeAfter(response),
		whenAnswered(socket, refuse) {
			const watched = connections.get(socket);
			if (watched === undefined) refuse();
			else watched.pipeline.whenAnswered(refuse);
		},
		dropped: () => ({ ...counts }),
	};
}

/** Runs `task` this long after the server began to listen and after each run, until the server has closed. Keeps no process alive. */
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

/** Whether bytes wait and the kernel took none since the last look. A process that was short of CPU counts one interval, not more. */
function isStalled(watched: Watched, sweepEveryMs: number): boolean {
	const progress = readWriteProgress(watched.pipeline.socket);
	const isMoving = progress === null || progress.waiting === 0 || progress.taken !== watched.taken;
	if (!isMoving) {
		watched.stalledMs += sweepEveryMs;
		return true;
	}
	watched.taken = progress?.taken ?? 0;
	watched.unacknowledged = null;
	watched.stalledMs = 0;
	return false;
}

/** Starts the clock again for those whose peer acknowledged something since the last look, or was not looked at before. */
async function forgiveSlowReaders(stalled: readonly Watched[]): Promise<void> {
	const inodes = new Map<string, Watched>();
	for (const watched of stalled) {
		const inode = inodeOf(watched.pipeline.socket);
		if (inode !== null) inodes.set(inode, watched);
	}
	for (const [inode, unacknowledged] of await readUnacknowledged(new Set(inodes.keys()))) {
		const watched = inodes.get(inode);
		if (watched === undefined) continue;
		if (watched.unacknowledged === null || unacknowledged < watched.unacknowledged) watched.stalledMs = 0;
		watched.unacknowledged = unacknowledged;
	}
}
