/** The metrics registry of an API process, with the counters that more than one file increments. */
import type { Rebuilder } from "@holdfast/rebuild";
import { createMetrics } from "@holdfast/runtime";

/** The registry and the shared counters, as `createApiMetrics` returns them. */
export type ApiMetrics = ReturnType<typeof createApiMetrics>;

/** Creates the registry. Call it once per process. */
export function createApiMetrics() {
	const metrics = createMetrics();
	return {
		...metrics,
		rebuilds: metrics.counter("holdfast_rebuilds_total", "Rebuilds that opened a showtime for a request"),
		failedRebuilds: metrics.counter("holdfast_failed_rebuilds_total", "Rebuilds that failed; the next request for the showtime retries"),
		unreadable: metrics.counter(
			"holdfast_unreadable_total",
			"Bookings and showtimes that were left out of a list because they cannot be read",
		),
	};
}

/** How many holds were placed, and how many of them were confirmed, each counted once. */
export type HoldCounts = { placed: number; confirmed: number };

/** Registers the two counters, and returns what they show. Their ratio is how many holds become sales. Incrementing costs nothing. */
export function createHoldCounts({ observableCounter }: Pick<ApiMetrics, "observableCounter">): HoldCounts {
	const counts: HoldCounts = { placed: 0, confirmed: 0 };
	const series = (count: number) => [{ labels: {}, count }];
	observableCounter("holdfast_holds_placed_total", "Holds that were placed; the repeat of a request is not counted", [], () =>
		series(counts.placed),
	);
	observableCounter("holdfast_holds_confirmed_total", "Holds that were confirmed; the repeat of a confirm is not counted", [], () =>
		series(counts.confirmed),
	);
	return counts;
}

/** Returns a rebuilder that counts the successful and the failed rebuilds of `rebuilder`, and otherwise behaves the same. */
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
