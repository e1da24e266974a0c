/** Which showtimes the fence would refuse. */
import type { ShowtimeId } from "@holdfast/domain";
import { across } from "../command.ts";
import { defineScript, runScript } from "../define-script.ts";
import { inEachBucket } from "../in-each-bucket.ts";
import { showtimeKeys } from "../keys.ts";
import { readInteger } from "../reply.ts";

export const findUnopenedScript = defineScript("find-unopened");

/** Of these showtimes, the ones that nobody can book before they are rebuilt. One that is being rebuilt counts. Fails if one bucket does. */
export const findUnopened = across((lanes) => async (showtimeIds: readonly ShowtimeId[]): Promise<ShowtimeId[]> => {
	const unopened = await inEachBucket(lanes, showtimeIds, async (redis, ids) => {
		const metas = ids.map((id) => showtimeKeys(id).meta);
		const { rest } = await runScript(redis, findUnopenedScript, { keys: { metas }, args: {} });
		const found = new Set(rest.map(readInteger));
		return ids.filter((_, i) => found.has(i + 1));
	});
	return unopened.flat();
});
