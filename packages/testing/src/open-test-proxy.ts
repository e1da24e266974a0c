/** A TCP proxy between a client and a Redis server that simulates network and DNS failures. */
import { once } from "node:events";
import { connect, createServer, type Socket } from "node:net";

/** A running proxy. */
export type TestProxy = {
	readonly url: string;
	/** How many connections were accepted so far. */
	accepted(): number;
	/** Drops all data silently, in both directions: on open connections for good, and on new ones until `heal`. */
	mute(): void;
	/** Forwards the data of new connections. Muted connections stay muted. */
	heal(): void;
	/** Closes every connection and forwards new ones to `port`. */
	redirect(port: number): void;
	/** Keeps back what clients send, on all connections, until `release`. Answers still pass. */
	hold(): void;
	/** Forwards what was kept back, in order, and all later data at once. */
	release(): void;
	/** Forwards new connections to `port`. Open ones keep their server, as when a DNS record changes. */
	retarget(port: number): void;
	/** Closes every connection and stops listening. */
	close(): void;
};

/** Resolves to a proxy on a free loopback port that forwards every connection to `toPort`. */
export async function openTestProxy(toPort: number): Promise<TestProxy> {
	let port = toPort;
	let isMute = false;
	let accepted = 0;
	const sockets = new Set<Socket>();
	const muted = new Set<Socket>();
	/** Null unless clients' data is held: what sends each piece on. */
	let held: (() => void)[] | null = null;
	const breakAll = (): void => {
		for (const socket of sockets) socket.destroy();
		sockets.clear();
	};
	const forward = (from: Socket, to: Socket, isFromClient: boolean): void => {
		sockets.add(from);
		if (isMute) muted.add(from);
		from.on("error", () => {});
		from.on("close", () => to.destroy());
		from.on("data", (chunk) => {
			if (muted.has(from)) return;
			if (held !== null && isFromClient) held.push(() => to.write(chunk));
			else to.write(chunk);
		});
	};
	const server = createServer((client) => {
		accepted += 1;
		const upstream = connect(port, "127.0.0.1");
		forward(client, upstream, true);
		forward(upstream, client, false);
	});
	await once(server.listen(0, "127.0.0.1"), "listening");
	const address = server.address();
	if (address === null || typeof address === "string") throw new Error("the proxy does not listen on a TCP port");
	return {
		url: `redis://127.0.0.1:${address.port}`,
		accepted: () => accepted,
		mute() {
			isMute = true;
			for (const socket of sockets) muted.add(socket);
		},
		heal() {
			isMute = false;
		},
		hold() {
			held ??= [];
		},
		release() {
			for (const send of held ?? []) send();
			held = null;
		},
		redirect(newPort) {
			port = newPort;
			breakAll();
		},
		retarget(newPort) {
			port = newPort;
		},
		close() {
			breakAll();
			server.close();
		},
	};
}
