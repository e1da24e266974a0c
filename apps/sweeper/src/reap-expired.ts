/** Give back the seats of expired holds in all buckets. Housekeeping: readers and buyers already treat them as free. */
import { ALL_BUCKETS, type ShowtimeId } from "@holdfast/domain";
import type { SweeperDeps } from "./deps.ts";
import { runEach } from "./run-each.ts";

/** Holds freed for one showtime before the others have their turn. */
const REAPS_PER_SHOWTIME_MAX = 10;

/** One round over all buckets; gives how many holds were freed. Safe beside another sweeper and beside readers that reap. */
export async function reapExpired({ seatStore, log }: Pick<SweeperDeps, "seatStore" | "log">): Promise<number> {
	const showtimeIds = (await Promise.all(ALL_BUCKETS.map((bucket) => seatStore.listShowtimesToReap(bucket)))).flat();
	let reaped = 0;
	const reap = async (showtimeId: ShowtimeId): Promise<void> => {
		for (let call = 0; call < REAPS_PER_SHOWTIME_MAX; call += 1) {
			const round = await seatStore.reapHolds(showtimeId);
			reaped += round.reaped;
			if (!round.more) break;
		}
	};
	await runEach(showtimeIds, reap, { log, fieldsOf: (showtimeId) => ({ showtimeId }) });
	return reaped;
}
