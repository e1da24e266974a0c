/**
 * Sends one inline command to a Redis server and returns its reply as text. This is enough to see whether a server is up and to set
 * up a one-node cluster. Everything else uses the client of the seat store.
 */
import { createConnection } from "node:net";

const ANSWER_DEADLINE_MS = 2_000;

/**
 * Resolves to the first `lines` lines of the reply, joined by `|` (`+PONG`, `-LOADING ...`), or to null when no server listens on the
 * port or none answers within 2 s.
 */
export function sendInlineCommand(port: number, command: string, lines = 1): Promise<string | null> {
	return new Promise((resolve) => {
		let reply = "";
		const socket = createConnection({ host: "127.0.0.1", port });
		const finish = (answer: string | null) => {
			socket.destroy();
			resolve(answer);
		};
		socket.setTimeout(ANSWER_DEADLINE_MS, () => finish(null));
		socket.once("error", () => finish(null));
		socket.once("close", () => resolve(null));
		socket.once("connect", () => socket.write(`${command}\r\n`));
		socket.on("data", (chunk) => {
			reply += chunk.toString("utf8");
			const complete = reply.split("\r\n").slice(0, -1);
			if (complete.length >= lines) finish(complete.slice(0, lines).join("|"));
		});
	});
}
