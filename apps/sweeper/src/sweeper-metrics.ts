/** The sweeper's Prometheus metrics. Their names use the words of docs/glossary.md. */
import { createMetrics } from "@holdfast/runtime";

/** The counters and gauges, and `render`. */
export type SweeperMetrics = ReturnType<typeof createSweeperMetrics>;

/** Creates the metrics in a new registry. */
export function createSweeperMetrics() {
	const { counter, gauge, render } = createMetrics();
	return {
		render,
		settledEntries: counter("holdfast_settled_entries_total", "Outbox entries that were settled into the ledger"),
		deadLetters: counter("holdfast_dead_letters_total", "Outbox entries that could not be settled and need an operator"),
		conflicts: counter("holdfast_conflicts_total", "Bookings whose seat the ledger had already given to another booking"),
		scheduleClashes: counter(
			"holdfast_schedule_clashes_total",
			"Schedules that were not recorded because another showtime occupies the auditorium in the ledger",
		),
		outboxGaps: counter("holdfast_outbox_gaps_total", "Gaps in the event numbers of an outbox: events were lost"),
		reapedHolds: counter("holdfast_reaped_holds_total", "Expired holds that the sweeper has reaped"),
		rebuilds: counter("holdfast_rebuilds_total", "Showtimes rebuilt from Redis and the ledger"),
		failedRebuilds: counter("holdfast_failed_rebuilds_total", "Rebuilds that failed; they are retried"),
		unopenedShowtimes: gauge("holdfast_unopened_showtimes", "Showtimes of the next two days that cannot be booked before a rebuild"),
		quarantinedShowtimes: gauge("holdfast_quarantined_showtimes", "Showtimes whose free seats are in quarantine after a proven loss"),
		unfinishedActions: gauge(
			"holdfast_unfinished_actions",
			"Reschedules, cancels and archives of showtimes that one store has and the other still lacks after some seconds",
		),
		settleLag: gauge("holdfast_settle_lag_seconds", "Age of the oldest unsettled outbox entry in any bucket"),
		waitingShowtimes: gauge(
			"holdfast_waiting_showtimes",
			"Showtimes whose outbox entries wait for a row that another transaction has locked",
		),
		outboxEntries: gauge("holdfast_outbox_entries", "Outbox entries that are not settled yet, all buckets"),
	};
}
