/**
 * Writes Server-Sent Events directly to one client's response. Rejected: `@fastify/sse` serializes each event once per client and
 * buffers without a limit what a slow client does not read. Here a thousand clients share one buffer, and a slow client is disconnected.
 */
import type { ServerResponse } from "node:http";

/** Proxies and browsers close a connection that is silent for too long, many of them after 30 s. */
export const HEARTBEAT_EVERY_MS = 15_000;
/** Maximum unsent bytes of one client. A client above this is disconnected at its next event. The kernel buffers some megabytes more. */
export const UNSENT_BYTES_MAX = 64 * 1024;
/** Reconnect delay that the client is asked for: random, so that clients do not all reconnect at once. */
const RETRY_MIN_MS = 1_000;
const RETRY_SPREAD_MS = 4_000;

const HEADERS = {
	"content-type": "text/event-stream; charset=utf-8",
	// `no-transform`: a compressing proxy would hold events back until its buffer is full. `x-accel-buffering` disables buffering in nginx.
	"cache-control": "no-cache, no-transform",
	"x-accel-buffering": "no",
	// The connection serves no request after this one, so a closing server must not wait for it.
	connection: "close",
};
const HEARTBEAT = Buffer.from(": \n\n");

/** An open stream to one client. */
export type EventStream = {
	/** Sends events, or disconnects the client if it has too many unsent bytes. Does nothing after the end. */
	send(events: Buffer): void;
	/** Ends the stream cleanly. The client reconnects on its own. Safe to call twice. */
	end(): void;
};

/** How to open a stream. */
export type StreamOptions = {
	/** Additional response headers. */
	readonly headers: Record<string, string | string[] | number | undefined>;
	/** Called once when the stream has ended, by either side. */
	readonly onEnd: (reason: "ended" | "too_slow") => void;
};

/** Sends the headers and the reconnect delay, and returns the stream. */
export function openEventStream(
	response: Pick<ServerResponse, "writeHead" | "write" | "end" | "destroy" | "on" | "writableLength">,
	{ headers, onEnd }: StreamOptions,
): EventStream {
	let hasEnded = false;
	const heartbeatTimer = setInterval(() => send(HEARTBEAT), HEARTBEAT_EVERY_MS);

	function finish(reason: "ended" | "too_slow"): void {
		if (hasEnded) return;
		hasEnded = true;
		clearInterval(heartbeatTimer);
		onEnd(reason);
	}

	function send(events: Buffer): void {
		if (hasEnded) return;
		if (response.writableLength <= UNSENT_BYTES_MAX) {
			response.write(events);
			return;
		}
		finish("too_slow");
		response.destroy();
	}

	response.on("close", () => finish("ended"));
	response.on("error", () => finish("ended"));
	response.writeHead(200, { ...headers, ...HEADERS });
	response.write(`retry: ${Math.round(RETRY_MIN_MS + Math.random() * RETRY_SPREAD_MS)}\n\n`);
	return {
		send,
		end() {
			finish("ended");
			response.end();
		},
	};
}
