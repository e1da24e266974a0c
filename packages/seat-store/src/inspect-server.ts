/** What the server says of itself. */
import type { Redis } from "ioredis";

/** One section of INFO, by field. */
export async function inspectServer(redis: Redis, section: string): Promise<Record<string, string>> {
	const lines = (await redis.info(section)).split("\r\n").filter((line) => line !== "" && !line.startsWith("#"));
	return Object.fromEntries(lines.map((line) => [line.slice(0, line.indexOf(":")), line.slice(line.indexOf(":") + 1)]));
}
