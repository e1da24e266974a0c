/** Which showtimes the fence would refuse. */
import { bucketOf, type ShowtimeId } from "@holdfast/domain";
import type { Redis } from "ioredis";
import { defineScript, runScript } from "../define-script.ts";
import { showtimeKeys } from "../keys.ts";
import { readInteger } from "../reply.ts";

export const findUnopenedScript = defineScript("find-unopened");

/** Of these showtimes, the ones that nobody can book before they are rebuilt. One script for each bucket; a showtime that is being rebuilt counts. */
export async function findUnopened(redis: Redis, showtimeIds: readonly ShowtimeId[]): Promise<ShowtimeId[]> {
	const buckets = [...Map.groupBy(showtimeIds, bucketOf).values()];
	const unopened = await Promise.all(
		buckets.map(async (ids) => {
			const metas = ids.map((id) => showtimeKeys(id).meta);
			const { rest } = await runScript(redis, findUnopenedScript, { keys: { metas }, args: {} });
			const found = new Set(rest.map(readInteger));
			return ids.filter((_, i) => found.has(i + 1));
		}),
	);
	return unopened.flat();
}
