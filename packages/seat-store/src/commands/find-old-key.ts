/** Detects data that an older version left in Redis, under keys from before the hash tags of bucket-tags.ts. */
import { across } from "../command.ts";
import { OLD_LAYOUT_KEYS } from "../keys.ts";
import { atKey } from "../place.ts";

/** Returns a key of the old layout that exists in Redis, or null when none does. Throws `SeatStoreFault` when a server does not answer. */
export const findOldKey = across((lanes) => async (): Promise<string | null> => {
	const found = await Promise.all(OLD_LAYOUT_KEYS.map((key) => lanes.read(atKey(key), (redis) => redis.exists(key))));
	return OLD_LAYOUT_KEYS.find((_, i) => found[i] === 1) ?? null;
});
