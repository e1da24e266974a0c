/**
 * Writes the heartbeat of the sweeper: a key with a short lifetime in every bucket. It shows that a sweeper runs and can reach the bucket's
 * server. It does not show progress; `settleLagMs` does. So it is written independently of settling, and independently for each bucket.
 */
import { listBuckets } from "@holdfast/domain";
import type { SweeperDeps } from "./deps.ts";

const HEARTBEAT_EVERY_MS = 500;
/** Short enough that `/health` reports a missing sweeper within 2 s. */
const HEARTBEAT_TTL_MS = 1_500;

/**
 * Writes the heartbeat to every bucket at once and then twice a second. Never throws: a write that fails is dropped, and the next one is
 * tried. The returned function stops the heartbeat; a write in flight may still arrive.
 */
export function startHeartbeat({ seatStore, limits }: Pick<SweeperDeps, "seatStore" | "limits">): () => void {
	const inFlight = new Set<number>();
	const beatOnce = async (bucket: number): Promise<void> => {
		if (inFlight.has(bucket)) return;
		inFlight.add(bucket);
		// Errors are ignored here: the sweeper's loops call the same server, and log its errors.
		await seatStore.writeHeartbeat(bucket, HEARTBEAT_TTL_MS).catch(() => {});
		inFlight.delete(bucket);
	};
	const beatAll = (): void => {
		for (const bucket of listBuckets(limits)) void beatOnce(bucket);
	};
	beatAll();
	const timer = setInterval(beatAll, HEARTBEAT_EVERY_MS);
	return () => clearInterval(timer);
}
