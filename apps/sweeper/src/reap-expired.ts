/** Give back the seats of expired holds in all buckets. Housekeeping: readers and buyers already treat them as free. */
import { listBuckets, type ShowtimeId } from "@holdfast/domain";
import type { SweeperDeps } from "./deps.ts";
import { runEach } from "./run-each.ts";
import { throwFirst } from "./throw-first.ts";

/** Holds freed for one showtime before the others have their turn. */
const REAPS_PER_SHOWTIME_MAX = 10;

/**
 * One round over all buckets; gives how many holds were freed. Safe beside another sweeper and beside readers that reap. A bucket whose
 * server does not answer keeps none of the others back; its failure is thrown at the end.
 */
export async function reapExpired({ seatStore, limits, log }: Pick<SweeperDeps, "seatStore" | "limits" | "log">): Promise<number> {
	const lists = await Promise.allSettled(listBuckets(limits).map((bucket) => seatStore.listShowtimesToReap(bucket)));
	const showtimeIds = lists.flatMap((list) => (list.status === "fulfilled" ? list.value : []));
	let reaped = 0;
	const reap = async (showtimeId: ShowtimeId): Promise<void> => {
		for (let call = 0; call < REAPS_PER_SHOWTIME_MAX; call += 1) {
			const round = await seatStore.reapHolds(showtimeId);
			reaped += round.reaped;
			if (!round.more) break;
		}
	};
	await runEach(showtimeIds, reap, { log, fieldsOf: (showtimeId) => ({ showtimeId }) });
	throwFirst(lists);
	return reaped;
}
