/** Whether Redis holds data of the layout before the tags of bucket-tags.ts. */
import { across } from "../command.ts";
import { OLD_LAYOUT_KEYS } from "../keys.ts";
import { atKey } from "../place.ts";

/** One of its keys; null when there is none. */
export const findOldKey = across((lanes) => async (): Promise<string | null> => {
	const found = await Promise.all(OLD_LAYOUT_KEYS.map((key) => lanes.read(atKey(key), (redis) => redis.exists(key))));
	return OLD_LAYOUT_KEYS.find((_, i) => found[i] === 1) ?? null;
});
