/** Reads what a Redis server reports about itself. */
import type { Redis } from "ioredis";

/** Returns one section of INFO as an object, by field name. */
export async function inspectServer(redis: Redis, section: string): Promise<Record<string, string>> {
	const lines = (await redis.info(section)).split("\r\n").filter((line) => line !== "" && !line.startsWith("#"));
	return Object.fromEntries(lines.map((line) => [line.slice(0, line.indexOf(":")), line.slice(line.indexOf(":") + 1)]));
}
