/** Send a raw command to a test's own Redis: for what no command of ours can do, such as losing a key. */
import { createConnection } from "node:net";

/** Resolves to the first line of the reply (`:1`, `+OK`). A word with spaces is put in single quotes. */
export function askRedis(port: number, ...words: readonly string[]): Promise<string> {
	return new Promise((resolve, reject) => {
		const socket = createConnection({ host: "127.0.0.1", port }, () => socket.write(`${words.join(" ")}\r\n`));
		socket.once("error", reject);
		socket.once("data", (chunk) => {
			socket.destroy();
			resolve(chunk.toString().split("\r\n")[0] ?? "");
		});
	});
}
