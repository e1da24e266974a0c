/** Reaps expired holds in all buckets. This is only housekeeping: every command treats the seats of an expired hold as free anyway. */
import { listBuckets, type ShowtimeId } from "@holdfast/domain";
import type { SweeperDeps } from "./deps.ts";
import { runEach } from "./run-each.ts";
import { throwFirst } from "./throw-first.ts";

/** Calls of `reapHolds` for one showtime before the next showtime is reaped. */
const REAPS_PER_SHOWTIME_MAX = 10;

/**
 * Reaps once in every bucket; returns how many holds were reaped. Safe beside another sweeper and beside readers that reap. A server that
 * does not answer does not delay the other buckets; its error is thrown at the end.
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
