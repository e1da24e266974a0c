/**
 * Runs the rebuilds of one process: a few at a time, the showtime that starts first before the others. Callers that ask for the same
 * showtime share one rebuild.
 */
import type { ShowtimeId } from "@holdfast/domain";
import { createSingleFlight } from "@holdfast/runtime";
import { type RebuildDeps, type RebuildOutcome, rebuildShowtime } from "./rebuild-showtime.ts";

/** How many rebuilds run at the same time in one process. More would only wait for Postgres and occupy its connections. */
export const REBUILDS_AT_ONCE = 8;
/** How many rebuilds may wait. Further requests get `recovering` at once. */
export const REBUILDS_WAITING_MAX = 10_000;

/** The stores, and limits that tests change. Defaults: `REBUILDS_AT_ONCE` and `REBUILDS_WAITING_MAX`. */
export type RebuilderOptions = RebuildDeps & { readonly atOnceMax?: number; readonly waitingMax?: number };

/** The rebuilds of one process. */
export type Rebuilder = {
	/**
	 * Rebuilds a showtime, or joins the rebuild of the same showtime that is waiting or running. `startsAt` (epoch ms): the lowest value
	 * runs first. Throws what `rebuildShowtime` throws.
	 */
	rebuild(showtimeId: ShowtimeId, startsAt: number): Promise<RebuildOutcome>;
	/** How many rebuilds are waiting or running. */
	pending(): number;
	/** Resolves when no rebuild is waiting or running. */
	idle(): Promise<void>;
};

type Waiting = { readonly showtimeId: ShowtimeId; readonly startsAt: number; readonly begin: () => void };

/** Creates a rebuilder without rebuilds. A process needs one, so that its limit holds. */
export function createRebuilder(options: RebuilderOptions): Rebuilder {
	const { atOnceMax = REBUILDS_AT_ONCE, waitingMax = REBUILDS_WAITING_MAX, ...deps } = options;
	const flights = createSingleFlight<ShowtimeId, RebuildOutcome>();
	const waiting: Waiting[] = [];
	let running = 0;

	/** Resolves when the rebuild may run. */
	function waitForTurn(showtimeId: ShowtimeId, startsAt: number): Promise<void> | undefined {
		if (running < atOnceMax) {
			running += 1;
			return undefined;
		}
		return new Promise((begin) => {
			const behind = waiting.findIndex((other) => other.startsAt > startsAt);
			waiting.splice(behind === -1 ? waiting.length : behind, 0, { showtimeId, startsAt, begin });
		});
	}

	/** Passes the place to the next rebuild directly, so that a new request cannot take it in between. */
	function startNext(): void {
		const next = waiting.shift();
		if (next === undefined) running -= 1;
		else next.begin();
	}

	async function run(showtimeId: ShowtimeId, startsAt: number): Promise<RebuildOutcome> {
		await waitForTurn(showtimeId, startsAt);
		try {
			return await rebuildShowtime(deps, showtimeId);
		} finally {
			startNext();
		}
	}

	return {
		rebuild(showtimeId, startsAt) {
			if (!flights.has(showtimeId) && waiting.length >= waitingMax) return Promise.resolve({ outcome: "recovering" });
			return flights.run(showtimeId, () => run(showtimeId, startsAt));
		},
		pending: () => flights.size,
		idle: flights.idle,
	};
}
