/** Send a raw command to a test's own Redis: for what no command of ours can do, such as losing a key. */
import { sendInlineCommand } from "@holdfast/local-stack";

/** Resolves to the first line of the reply (`:1`, `+OK`). A word with spaces is put in single quotes. Throws when Redis does not answer. */
export async function askRedis(port: number, ...words: readonly string[]): Promise<string> {
	const reply = await sendInlineCommand(port, words.join(" "));
	if (reply === null) throw new Error(`the Redis at port ${port} did not answer ${words[0]}`);
	return reply;
}
