/** Keeps count of the showtimes that wait for a locked row, and logs those that wait for long: somebody may have forgotten a transaction. */
import type { ShowtimeId } from "@holdfast/domain";
import type { SweeperDeps } from "./deps.ts";

/** A showtime that waits this long is logged, once per wait. */
export const LONG_WAIT_MS = 5_000;

type Wait = { readonly sinceMs: number; readonly isLogged: boolean };

export type WaitWatch = {
	/** Note which showtimes of a bucket waited in a pass that ended now (epoch ms); those not named wait no more. */
	note(bucket: number, waiting: ReadonlySet<ShowtimeId>, nowMs?: number): void;
};

export function createWaitWatch({ log, metrics }: Pick<SweeperDeps, "log" | "metrics">): WaitWatch {
	const waits = new Map<number, ReadonlyMap<ShowtimeId, Wait>>();
	return {
		note(bucket, waiting, nowMs = Date.now()) {
			const before = waits.get(bucket);
			const now = new Map<ShowtimeId, Wait>();
			for (const showtimeId of waiting) {
				const { sinceMs, isLogged } = before?.get(showtimeId) ?? { sinceMs: nowMs, isLogged: false };
				const isLong = nowMs - sinceMs >= LONG_WAIT_MS;
				if (isLong && !isLogged) log.warn({ bucket, showtimeId, waitedMs: nowMs - sinceMs }, "showtime waits for a locked row in postgres");
				now.set(showtimeId, { sinceMs, isLogged: isLogged || isLong });
			}
			if (now.size > 0) waits.set(bucket, now);
			else waits.delete(bucket);
			metrics.waitingShowtimes.set([...waits.values()].reduce((sum, { size }) => sum + size, 0));
		},
	};
}
