/** For tests: an HTTP server with a connection guard that records the dropped connections. */
import { createServer, type RequestListener, type Server } from "node:http";
import { Socket } from "node:net";
import { type ConnectionGuard, createConnectionGuard, type Drop, type GuardOptions } from "../guard-connections.ts";

/** The running server, its guard, and the connections that were dropped so far. */
export type GuardedServer = {
	readonly guard: ConnectionGuard;
	readonly server: Server;
	readonly port: number;
	readonly drops: Drop[];
	close(): Promise<void>;
};

/** Starts a guarded server on a free port of loopback. Its answers have no `Date` header, so that equal answers have equal length. */
export async function startGuardedServer(listener: RequestListener, options: Partial<GuardOptions> = {}): Promise<GuardedServer> {
	const drops: Drop[] = [];
	const guard = createConnectionGuard({ answerTimeoutMs: 60_000, onDrop: (drop) => drops.push(drop), ...options });
	const server = createServer(
		guard.wrap((request, response) => {
			response.sendDate = false;
			listener(request, response);
		}),
	);
	server.on("clientError", (_error, socket) => {
		if (socket instanceof Socket) guard.whenAnswered(socket, () => socket.end("HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\n\r\n"));
	});
	guard.watch(server);
	await new Promise<void>((resolve) => server.listen({ host: "127.0.0.1", port: 0 }, resolve));
	const address = server.address();
	return {
		guard,
		server,
		port: typeof address === "object" && address !== null ? address.port : 0,
		drops,
		async close() {
			server.closeAllConnections();
			await new Promise((resolve) => server.close(resolve));
		},
	};
}
