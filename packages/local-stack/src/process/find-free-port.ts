/** Finds a free TCP port. */
import { createServer } from "node:net";

/**
 * Resolves to a TCP port on loopback on which no process listens now. Another process may take the port before the caller uses it:
 * callers must retry.
 */
export function findFreePort(): Promise<number> {
	return new Promise((resolve, reject) => {
		const server = createServer();
		server.once("error", reject);
		server.listen(0, "127.0.0.1", () => {
			const address = server.address();
			const port = typeof address === "object" && address !== null ? address.port : 0;
			server.close(() => resolve(port));
		});
	});
}
