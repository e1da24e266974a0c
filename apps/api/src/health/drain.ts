/**
 * The last moments of a process that was told to end: it is not ready any more, and serves on until its load balancer has
 * noticed. Answers end their connections meanwhile, so that clients come back elsewhere.
 */
import type { IncomingMessage, Server, ServerResponse } from "node:http";
import type { Socket } from "node:net";

export type Drain = {
	isDraining(): boolean;
	/** Safe to call twice. */
	start(): void;
};

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
 * Not ready from here on; an answer is the last on its connection unless another request may lie behind it: one that came since, or
 * one in the same bytes, which Node reads only after an answer that is made at once.
 */
export function beginDrain(server: Server, drain: Drain): void {
	drain.start();
	/** Requests of each connection that came since and are not answered. */
	const unanswered = new WeakMap<Socket, number>();
	const add = (socket: Socket, change: number): void => void unanswered.set(socket, (unanswered.get(socket) ?? 0) + change);
	server.prependListener("request", ({ socket }: IncomingMessage, response: ServerResponse) => {
		add(socket, 1);
		response.once("close", () => add(socket, -1));
		let isRead = false;
		setImmediate(() => {
			isRead = true;
		});
		// Judged as late as can be: an answer that ends the connection takes what was pipelined behind it along.
		response.writeHead = new Proxy(response.writeHead, {
			apply(writeHead, self, head) {
				if (isRead && unanswered.get(socket) === 1) response.setHeader("connection", "close");
				return Reflect.apply(writeHead, self, head);
			},
		});
	});
}
