/** The metrics registry of an API process, and the counters that more than one file increments. */
import type { Rebuilder } from "@holdfast/rebuild";
import { createMetrics } from "@holdfast/runtime";

export type ApiMetrics = ReturnType<typeof createApiMetrics>;

/** Creates the registry. Call it once per process. */
export function createApiMetrics() {
	const metrics = createMetrics();
	return {
		...metrics,
		rebuilds: metrics.counter("holdfast_rebuilds_total", "Showtimes opened by a rebuild because a request asked for them"),
		failedRebuilds: metrics.counter("holdfast_failed_rebuilds_total", "Rebuilds that failed and will be tried again"),
		unreadable: metrics.counter("holdfast_unreadable_total", "Bookings and showtimes left out of a list because they cannot be read"),
	};
}

/** Returns the same rebuilder with its rebuilds and failures counted. */
export function countRebuilds(rebuilder: Rebuilder, { rebuilds, failedRebuilds }: ApiMetrics): Rebuilder {
	return {
		...rebuilder,
		async rebuild(showtimeId, startsAt) {
			try {
				const result = await rebuilder.rebuild(showtimeId, startsAt);
				if (result.outcome === "opened") rebuilds.inc();
				return result;
			} catch (error) {
				failedRebuilds.inc();
				throw error;
			}
		},
	};
}
