/** Give fields of a booking's record in a test's own Redis other texts than a script would write: to damage it, or to age it. */
import type { BookingId } from "@holdfast/domain";
import { askRedis } from "@holdfast/testing";
import { bookingKey } from "../keys.ts";

/** Once Redis has split the words of a command, what is in single quotes is one word. */
const SCRIPT = `'local record = cjson.decode(redis.call("GET", KEYS[1]))
	for i = 1, #ARGV, 2 do record[ARGV[i]] = ARGV[i + 1] ~= "" and ARGV[i + 1] or nil end
	return redis.call("SET", KEYS[1], cjson.encode(record), "KEEPTTL")'`.replaceAll(/\s+/g, " ");

/** Takes effect at once; the record keeps its lifetime. An empty text takes the field out. */
export async function changeRecord(port: number, bookingId: BookingId, fields: Readonly<Record<string, string>>): Promise<void> {
	const words = Object.entries(fields).flatMap(([name, text]) => [name, `'${text}'`]);
	const reply = await askRedis(port, "EVAL", SCRIPT, "1", bookingKey(bookingId), ...words);
	if (reply !== "+OK") throw new Error(`the record of booking ${bookingId} was not changed: ${reply}`);
}
