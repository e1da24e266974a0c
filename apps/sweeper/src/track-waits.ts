/** Counts the showtimes whose entries wait for a locked row, and logs long waits: an operator may have left a transaction open. */
import type { ShowtimeId } from "@holdfast/domain";
import type { SweeperDeps } from "./deps.ts";

/** A showtime that waits this long is logged, once per wait. */
export const LONG_WAIT_MS = 5_000;

type Wait = { readonly sinceMs: number; readonly isLogged: boolean };

/** Tracks the waiting showtimes of all buckets. */
export type WaitTracker = {
	/** Replaces the waiting showtimes of a bucket after a pass that ended at `nowMs` (epoch ms). A showtime that is not listed has stopped waiting. */
	note(bucket: number, waiting: ReadonlySet<ShowtimeId>, nowMs?: number): void;
};

/** Creates a tracker without waiting showtimes. It sets the metric `holdfast_waiting_showtimes`. */
export function createWaitTracker({ log, metrics }: Pick<SweeperDeps, "log" | "metrics">): WaitTracker {
	const waits = new Map<number, ReadonlyMap<ShowtimeId, Wait>>();
	return {
		note(bucket, waiting, nowMs = Date.now()) {
			const before = waits.get(bucket);
			const now = new Map<ShowtimeId, Wait>();
			for (const showtimeId of waiting) {
				const { sinceMs, isLogged } = before?.get(showtimeId) ?? { sinceMs: nowMs, isLogged: false };
				const isLong = nowMs - sinceMs >= LONG_WAIT_MS;
				if (isLong && !isLogged)
					log.warn({ bucket, showtimeId, waitedMs: nowMs - sinceMs }, "showtime waiting for a locked row in postgres");
				now.set(showtimeId, { sinceMs, isLogged: isLogged || isLong });
			}
			if (now.size > 0) waits.set(bucket, now);
			else waits.delete(bucket);
			metrics.waitingShowtimes.set([...waits.values()].reduce((sum, { size }) => sum + size, 0));
		},
	};
}
