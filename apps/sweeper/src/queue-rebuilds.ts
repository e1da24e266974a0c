/** The sweeper's rebuilds: they run in the background, beside settling, and failed rebuilds are retried with growing pauses. */
import type { ShowtimeId } from "@holdfast/domain";
import type { Rebuilder } from "@holdfast/rebuild";
import { type BackOff, createBackOff, createSingleFlight } from "@holdfast/runtime";
import type { SweeperDeps } from "./deps.ts";

const BACK_OFF = { minMs: 400, maxMs: 60_000 };
/** The wait before the next attempt while another process rebuilds the showtime. */
const RECOVERING_WAIT_MS = 200;
/** From this many failures in a row on, a failure is logged as an error instead of a warning. */
const FAILURES_ALARMING = 3;

/** Starts rebuilds in the background. */
export type RebuildQueue = {
	/**
	 * Starts a rebuild of the showtime, unless one is running or the showtime is backing off after a failure. Returns at once. `startsAt`
	 * (epoch ms): rebuilds with the lowest value run first.
	 */
	request(showtimeId: ShowtimeId, startsAt?: number): void;
	/** Resolves when no rebuild is running. */
	idle(): Promise<void>;
};

/** Creates a queue without rebuilds. */
export function createRebuildQueue({ log, metrics }: Pick<SweeperDeps, "log" | "metrics">, rebuilder: Rebuilder): RebuildQueue {
	/** Showtimes that are backing off. `notBefore`: when the next attempt may start, in epoch ms. */
	const backingOff = new Map<ShowtimeId, { readonly backOff: BackOff; readonly notBefore: number }>();
	const flights = createSingleFlight<ShowtimeId, void>();

	async function rebuild(showtimeId: ShowtimeId, startsAt: number): Promise<void> {
		try {
			const { outcome } = await rebuilder.rebuild(showtimeId, startsAt);
			if (outcome === "recovering") {
				backingOff.set(showtimeId, { backOff: createBackOff(BACK_OFF), notBefore: Date.now() + RECOVERING_WAIT_MS });
				return;
			}
			if (outcome === "claim_not_replicated") throw new Error("no replica has the claim");
			backingOff.delete(showtimeId);
			if (outcome === "opened") metrics.rebuilds.inc();
		} catch (error) {
			metrics.failedRebuilds.inc();
			recordFailure(showtimeId, error);
		}
	}

	function recordFailure(showtimeId: ShowtimeId, error: unknown): void {
		const backOff = backingOff.get(showtimeId)?.backOff ?? createBackOff(BACK_OFF);
		const backOffMs = backOff.next();
		backingOff.set(showtimeId, { backOff, notBefore: Date.now() + backOffMs });
		const { failures } = backOff;
		log[failures >= FAILURES_ALARMING ? "error" : "warn"]({ err: error, showtimeId, failures, backOffMs }, "rebuild failed");
	}

	return {
		request(showtimeId, startsAt = 0) {
			if (Date.now() < (backingOff.get(showtimeId)?.notBefore ?? 0)) return;
			void flights.run(showtimeId, () => rebuild(showtimeId, startsAt));
		},
		idle: flights.idle,
	};
}
