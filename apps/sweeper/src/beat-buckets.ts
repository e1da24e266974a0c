/**
 * The sign of life of the sweeper, for each bucket whose server is reached. It says that a sweeper is there, and nothing about whether it
 * gets on: that is `settleLagMs`. So it is tied to no pass, and a server that does not answer keeps no other bucket's sign back.
 */
import { listBuckets } from "@holdfast/domain";
import type { SweeperDeps } from "./deps.ts";

const BEAT_EVERY_MS = 500;
/** Short enough for health to tell within 2 s. */
const BEAT_TTL_MS = 1_500;

/** Beats until the returned function is called. */
export function startBeating({ seatStore, limits }: Pick<SweeperDeps, "seatStore" | "limits">): () => void {
	const underWay = new Set<number>();
	const beat = async (bucket: number): Promise<void> => {
		if (underWay.has(bucket)) return;
		underWay.add(bucket);
		// What fails here fails in every other loop, which log it.
		await seatStore.markSwept(bucket, BEAT_TTL_MS).catch(() => {});
		underWay.delete(bucket);
	};
	const beatAll = (): void => {
		for (const bucket of listBuckets(limits)) void beat(bucket);
	};
	beatAll();
	const timer = setInterval(beatAll, BEAT_EVERY_MS);
	return () => clearInterval(timer);
}
