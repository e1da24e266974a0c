/** Sends a raw command to a test's own Redis, for changes that no seat store command can make, such as deleting one key. */
import { sendInlineCommand } from "@holdfast/local-stack";

/**
 * Resolves to the first line of the reply, as RESP prints it (`:1`, `+OK`). The caller must quote an argument that contains
 * spaces. Resolves to an error reply as well (`-ERR ...`). Rejects when Redis does not answer.
 */
export async function askRedis(port: number, ...args: readonly string[]): Promise<string> {
	const reply = await sendInlineCommand(port, args.join(" "));
	if (reply === null) throw new Error(`Redis on port ${port} did not answer ${args[0]}`);
	return reply;
}
