/** Whether Redis holds data of the layout before the tags of bucket-tags.ts. */
import { across } from "../command.ts";
import { atKey } from "../place.ts";

/** Its buckets were sixteen, `{b0}` to `{b15}`; the first install of a showtime in one of them wrote these, without an end. */
const OLD_KEYS = Array.from({ length: 16 }, (_, bucket) => [`{b${bucket}}:epochs`, `{b${bucket}}:line`, `{b${bucket}}:timeline`]).flat();

/** One of its keys; null when there is none. */
export const findOldKey = across((lanes) => async (): Promise<string | null> => {
	const found = await Promise.all(OLD_KEYS.map((key) => lanes.read(atKey(key), (redis) => redis.exists(key))));
	return OLD_KEYS.find((_, i) => found[i] === 1) ?? null;
});
