/**
 * The sweeper's heartbeat: a key with a short lifetime in every bucket. It shows that a sweeper runs and can reach the bucket's server. It
 * does not show progress; `settleLagMs` does. So it runs independently of settling, and independently for each bucket.
 */
import { listBuckets } from "@holdfast/domain";
import type { SweeperDeps } from "./deps.ts";

const HEARTBEAT_EVERY_MS = 500;
/** Short enough that `/health` reports a missing sweeper within 2 s. */
const HEARTBEAT_TTL_MS = 1_500;

/** Starts the heartbeat. The returned function stops it. */
export function startHeartbeat({ seatStore, limits }: Pick<SweeperDeps, "seatStore" | "limits">): () => void {
	const inFlight = new Set<number>();
	const beat = async (bucket: number): Promise<void> => {
		if (inFlight.has(bucket)) return;
		inFlight.add(bucket);
		// Errors are ignored here: the sweeper's loops call the same server, and log its errors.
		await seatStore.writeHeartbeat(bucket, HEARTBEAT_TTL_MS).catch(() => {});
		inFlight.delete(bucket);
	};
	const beatAll = (): void => {
		for (const bucket of listBuckets(limits)) void beat(bucket);
	};
	beatAll();
	const timer = setInterval(beatAll, HEARTBEAT_EVERY_MS);
	return () => clearInterval(timer);
}
