/** Finds the showtimes that are not open for booking, so that they can be rebuilt. */
import type { ShowtimeId } from "@holdfast/domain";
import { across } from "../command.ts";
import { defineScript, runScript } from "../define-script.ts";
import { inEachBucket } from "../in-each-bucket.ts";
import { showtimeKeys } from "../keys.ts";
import { readInteger } from "../reply.ts";

/** The script behind `findUnopened`. */
export const findUnopenedScript = defineScript("find-unopened");

/**
 * Returns those of the given showtimes that the fence refuses until they are rebuilt, including showtimes that are being rebuilt now.
 * Throws `SeatStoreFault` when any of their buckets does not answer.
 */
export const findUnopened = across((lanes) => async (showtimeIds: readonly ShowtimeId[]): Promise<ShowtimeId[]> => {
	const unopened = await inEachBucket(lanes, showtimeIds, async (redis, ids) => {
		const metas = ids.map((id) => showtimeKeys(id).meta);
		const { rest } = await runScript(redis, findUnopenedScript, { keys: { metas }, args: {} });
		const found = new Set(rest.map(readInteger));
		return ids.filter((_, i) => found.has(i + 1));
	});
	return unopened.flat();
});
