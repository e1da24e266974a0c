/** What the sweeper counts, for Prometheus. Names follow docs/glossary.md. */
import { createMetrics } from "@holdfast/runtime";

export type SweeperMetrics = ReturnType<typeof createSweeperMetrics>;

export function createSweeperMetrics() {
	const { counter, gauge, render } = createMetrics();
	return {
		render,
		settledEntries: counter("holdfast_settled_entries_total", "Outbox entries that reached the ledger"),
		deadLetters: counter("holdfast_dead_letters_total", "Outbox entries that can never be settled: a person must look"),
		conflicts: counter("holdfast_conflicts_total", "Bookings that found a seat of theirs sold to another in the ledger"),
		outboxGaps: counter("holdfast_outbox_gaps_total", "Times that numbers were missing from an outbox: events were lost"),
		reapedHolds: counter("holdfast_reaped_holds_total", "Expired holds whose seats were given back"),
		rebuilds: counter("holdfast_rebuilds_total", "Showtimes put together anew from Redis and the ledger"),
		failedRebuilds: counter("holdfast_failed_rebuilds_total", "Rebuilds that failed and will be tried again"),
		unopenedShowtimes: gauge("holdfast_unopened_showtimes", "Showtimes of the coming days that cannot be booked before a rebuild"),
		quarantinedShowtimes: gauge("holdfast_quarantined_showtimes", "Showtimes whose free seats are kept back after a proven loss"),
		settleLag: gauge("holdfast_settle_lag_seconds", "Age of the oldest outbox entry, all buckets"),
		waitingShowtimes: gauge("holdfast_waiting_showtimes", "Showtimes whose entries wait for a row that another transaction has locked"),
		outboxEntries: gauge("holdfast_outbox_entries", "Outbox entries waiting, all buckets"),
	};
}
