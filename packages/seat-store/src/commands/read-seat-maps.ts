/** The command that reads the seats of many showtimes at once, for lists. */
import type { ShowtimeId } from "@holdfast/domain";
import { read } from "../command.ts";
import { defineScript, runScript } from "../define-script.ts";
import { showtimeKeys } from "../keys.ts";
import { atBucket } from "../place.ts";
import { readInteger, readText } from "../reply.ts";
import { REAP_HOLDS_MAX } from "./read-seat-map.ts";

/** The script behind `readSeatMaps`. */
export const readMapsScript = defineScript("read-maps");

/** `statuses` has one letter per seat. `expiredSeats` of its letters H belong to holds that have expired and are not reaped yet. */
export type UnreapedMap = { readonly statuses: string; readonly expiredSeats: number };

/**
 * Returns the seat maps of some showtimes of one bucket, in their order: null where the fence refuses the showtime. Changes nothing, and
 * takes one round trip. Of at most `REAP_HOLDS_MAX` expired holds of a showtime the seats are in `expiredSeats`.
 */
export const readSeatMaps = read({
	place: (bucket: number, _showtimeIds: readonly ShowtimeId[]) => atBucket(bucket),
	async run(redis, _context, _bucket, showtimeIds): Promise<(UnreapedMap | null)[]> {
		const showtimes = showtimeIds.flatMap((id) => {
			const { meta, owner, map, expiry } = showtimeKeys(id);
			return [meta, owner, map, expiry];
		});
		const { rest } = await runScript(redis, readMapsScript, { keys: { showtimes }, args: { expiredHoldsMax: REAP_HOLDS_MAX } });
		return showtimeIds.map((_id, i) => {
			const statuses = readText(rest[2 * i]);
			return statuses === "" ? null : { statuses, expiredSeats: readInteger(rest[2 * i + 1]) };
		});
	},
});
