/**
 * One client's Server-Sent Events, written straight to its response. (`@fastify/sse` writes each event per client anew and keeps
 * what a slow one does not read; here a thousand clients share one buffer, and a slow one is let go.)
 */
import type { ServerResponse } from "node:http";

/** Proxies and browsers give up a connection on which nothing comes; many do so after 30 s. */
export const HEARTBEAT_EVERY_MS = 15_000;
/** Bytes that a client has not taken, past which it is dropped when there is more for it. The kernel holds some megabytes besides. */
export const UNSENT_BYTES_MAX = 64 * 1024;
/** When a client comes back that lost its stream: at some time of its own, or all would come at once. */
const RETRY_MIN_MS = 1_000;
const RETRY_SPREAD_MS = 4_000;

const HEADERS = {
	"content-type": "text/event-stream; charset=utf-8",
	// `no-transform`: a proxy that compresses would hold events back until its buffer is full. nginx is told not to collect them.
	"cache-control": "no-cache, no-transform",
	"x-accel-buffering": "no",
	// The connection serves nothing after this, and must not be waited for when the server closes.
	connection: "close",
};
const HEARTBEAT = Buffer.from(": \n\n");

export type EventStream = {
	/** Send events; one who has not taken earlier ones is dropped instead. */
	send(events: Buffer): void;
	/** End it in order: the client comes back by itself. */
	end(): void;
};

export type StreamOptions = {
	/** Further headers of the answer. */
	readonly headers: Record<string, string | string[] | number | undefined>;
	/** It is over, whoever ended it. Called once. */
	readonly onOver: (reason: "ended" | "too_slow") => void;
};

/** Answers at once, with the headers and how soon to come back. */
export function openEventStream(
	response: Pick<ServerResponse, "writeHead" | "write" | "end" | "destroy" | "on" | "writableLength">,
	{ headers, onOver }: StreamOptions,
): EventStream {
	let isOver = false;
	const beat = setInterval(() => send(HEARTBEAT), HEARTBEAT_EVERY_MS);

	function over(reason: "ended" | "too_slow"): void {
		if (isOver) return;
		isOver = true;
		clearInterval(beat);
		onOver(reason);
	}

	function send(events: Buffer): void {
		if (isOver) return;
		if (response.writableLength <= UNSENT_BYTES_MAX) {
			response.write(events);
			return;
		}
		over("too_slow");
		response.destroy();
	}

	response.on("close", () => over("ended"));
	response.on("error", () => over("ended"));
	response.writeHead(200, { ...headers, ...HEADERS });
	response.write(`retry: ${Math.round(RETRY_MIN_MS + Math.random() * RETRY_SPREAD_MS)}\n\n`);
	return {
		send,
		end() {
			over("ended");
			response.end();
		},
	};
}
