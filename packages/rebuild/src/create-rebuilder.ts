/** The rebuilds of one process: a few at a time, the nearest showtime first, each showtime once however many ask. */
import type { ShowtimeId } from "@holdfast/domain";
import { createSingleFlight } from "@holdfast/runtime";
import { type RebuildDeps, type RebuildOutcome, rebuildShowtime } from "./rebuild-showtime.ts";

/** Rebuilds at work in one process. More would only wait for Postgres, and hold its connections. */
export const REBUILDS_AT_ONCE = 8;
/** Showtimes waiting for their turn, past which the answer is `recovering`. */
export const REBUILDS_WAITING_MAX = 10_000;

export type RebuilderOptions = RebuildDeps & { readonly atOnceMax?: number; readonly waitingMax?: number };

export type Rebuilder = {
	/** Joins a rebuild of that showtime that waits or is at work. `startsAt` (epoch ms) decides whose turn is first. */
	rebuild(showtimeId: ShowtimeId, startsAt: number): Promise<RebuildOutcome>;
	/** Rebuilds that wait or are at work. */
	pending(): number;
	/** Resolves when none is left. */
	idle(): Promise<void>;
};

type Waiting = { readonly showtimeId: ShowtimeId; readonly startsAt: number; readonly begin: () => void };

export function createRebuilder(options: RebuilderOptions): Rebuilder {
	const { atOnceMax = REBUILDS_AT_ONCE, waitingMax = REBUILDS_WAITING_MAX, ...deps } = options;
	const flights = createSingleFlight<ShowtimeId, RebuildOutcome>();
	const waiting: Waiting[] = [];
	let atWork = 0;

	/** Its turn: at once, or when those before it are done. */
	function turn(showtimeId: ShowtimeId, startsAt: number): Promise<void> | undefined {
		if (atWork < atOnceMax) {
			atWork += 1;
			return undefined;
		}
		return new Promise((begin) => {
			const behind = waiting.findIndex((other) => other.startsAt > startsAt);
			waiting.splice(behind === -1 ? waiting.length : behind, 0, { showtimeId, startsAt, begin });
		});
	}

	/** The place passes to the next in line, so that nobody can slip in between. */
	function passOn(): void {
		const next = waiting.shift();
		if (next === undefined) atWork -= 1;
		else next.begin();
	}

	async function run(showtimeId: ShowtimeId, startsAt: number): Promise<RebuildOutcome> {
		await turn(showtimeId, startsAt);
		try {
			return await rebuildShowtime(deps, showtimeId);
		} finally {
			passOn();
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
