/**
 * Drains a process before it exits: `/readyz` fails, but requests are served until the load balancer has noticed. Responses
 * close their connections in the meantime, so that clients reconnect to another process.
 */
import type { IncomingMessage, Server, ServerResponse } from "node:http";
import type { Socket } from "node:net";

/** Knows whether the process is shutting down. */
export type Drain = {
	/** True after `start`. Never goes back to false. */
	isDraining(): boolean;
	/** Marks the process as shutting down. Safe to call twice. */
	start(): void;
};

/** Returns a drain that has not started. */
export function createDrain(): Drain {
	let isDraining = false;
	return {
		isDraining: () => isDraining,
		start() {
			isDraining = true;
		},
	};
}

/**
 * Starts the drain. From now on a response closes its connection, unless another request may be waiting on that connection: one that
 * arrived since, or one in the same bytes. Node parses the latter only after a response that is sent synchronously.
 */
export function beginDrain(server: Server, drain: Drain): void {
	drain.start();
	/** Unanswered requests per connection that arrived since the drain started. */
	const unanswered = new WeakMap<Socket, number>();
	const add = (socket: Socket, change: number): void => void unanswered.set(socket, (unanswered.get(socket) ?? 0) + change);
	server.prependListener("request", ({ socket }: IncomingMessage, response: ServerResponse) => {
		add(socket, 1);
		response.once("close", () => add(socket, -1));
		let isParsed = false;
		setImmediate(() => {
			isParsed = true;
		});
		// Decided as late as possible: closing the connection also discards the requests pipelined behind this response.
		response.writeHead = new Proxy(response.writeHead, {
			apply(writeHead, self, head) {
				if (isParsed && unanswered.get(socket) === 1) response.setHeader("connection", "close");
				return Reflect.apply(writeHead, self, head);
			},
		});
	});
}
