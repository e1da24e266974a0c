/** Stands between a client and a Redis, and does what networks and name services do. */
import { once } from "node:events";
import { connect, createServer, type Socket } from "node:net";

export type TestProxy = {
	readonly url: string;
	/** Connections so far. */
	accepted(): number;
	/** Swallow everything, and say nothing of it: on the connections there are, and on new ones until `heal`. */
	mute(): void;
	/** New connections work; muted ones stay so. */
	heal(): void;
	/** Break every connection; new ones lead to the server that listens there. */
	redirect(port: number): void;
	/** New connections lead to the server that listens there; the others stay where they are, as when a name is given another address. */
	retarget(port: number): void;
	close(): void;
};

export async function openTestProxy(toPort: number): Promise<TestProxy> {
	let port = toPort;
	let isMute = false;
	let accepted = 0;
	const sockets = new Set<Socket>();
	const muted = new Set<Socket>();
	const breakAll = (): void => {
		for (const socket of sockets) socket.destroy();
		sockets.clear();
	};
	const forward = (from: Socket, to: Socket): void => {
		sockets.add(from);
		if (isMute) muted.add(from);
		from.on("error", () => {});
		from.on("close", () => to.destroy());
		from.on("data", (chunk) => muted.has(from) || to.write(chunk));
	};
	const server = createServer((client) => {
		accepted += 1;
		const upstream = connect(port, "127.0.0.1");
		forward(client, upstream);
		forward(upstream, client);
	});
	await once(server.listen(0, "127.0.0.1"), "listening");
	const address = server.address();
	if (address === null || typeof address === "string") throw new Error("the proxy has no port");
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
