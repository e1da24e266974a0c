/** Overwrites fields of a booking record in a test's Redis, for tests of damaged or aged records. */
import type { BookingId } from "@holdfast/domain";
import { askRedis } from "@holdfast/testing";
import { bookingKey } from "../keys.ts";

/** An inline command: Redis splits it at spaces and takes text in single quotes as one argument. */
const SCRIPT = `'local record = cjson.decode(redis.call("GET", KEYS[1]))
	for i = 1, #ARGV, 2 do record[ARGV[i]] = ARGV[i + 1] ~= "" and ARGV[i + 1] or nil end
	return redis.call("SET", KEYS[1], cjson.encode(record), "KEEPTTL")'`.replaceAll(/\s+/g, " ");

/** Sets the given fields of the record. An empty text removes the field. The record keeps its expiry. Throws when Redis refuses. */
export async function changeRecord(port: number, bookingId: BookingId, fields: Readonly<Record<string, string>>): Promise<void> {
	const args = Object.entries(fields).flatMap(([name, text]) => [name, `'${text}'`]);
	const reply = await askRedis(port, "EVAL", SCRIPT, "1", bookingKey(bookingId), ...args);
	if (reply !== "+OK") throw new Error(`the record of booking ${bookingId} was not changed: ${reply}`);
}
