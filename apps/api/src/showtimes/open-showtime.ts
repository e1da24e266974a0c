/**
 * Opens a showtime for a request that finds it closed: asks the catalogue whether there is such a showtime to open, and
 * has it rebuilt. What is unknown, over or cancelled is refused here, and never rebuilt because somebody asked.
 */
import { setTimeout as pause } from "node:timers/promises";
import { type Database, DatabaseOutcomeUnknown, findOpening } from "@holdfast/database";
import type { ShowtimeId } from "@holdfast/domain";
import type { Rebuilder } from "@holdfast/rebuild";
import { createSingleFlight, withDeadline } from "@holdfast/runtime";
import { SeatStoreFault } from "@holdfast/seat-store";
import { LRUCache } from "lru-cache";

/** Why a showtime cannot be opened. `recovering`: it is being rebuilt, or too many are; ask again. */
export type NotOpen =
	| { outcome: "not_found" }
	| { outcome: "showtime_closed" }
	| { outcome: "showtime_cancelled" }
	| { outcome: "recovering" };
export type OpenShowtimeOutcome = { outcome: "opened" } | NotOpen;

/** Safe to call at any time; a showtime that is open already stays as it is. */
export type ShowtimeOpener = (showtimeId: ShowtimeId) => Promise<OpenShowtimeOutcome>;

/** How long a "no" of the catalogue is believed, so that asking for what cannot be opened does not reach Postgres each time. */
const REFUSAL_TTL_MS = 10_000;
const REFUSALS_MAX = 10_000;
/** Showtimes being opened for requests at the same time, past which the answer is `recovering`. */
const OPENINGS_MAX = 64;
/** How long a request waits for a rebuild: it takes some 20 ms, a 50,000-seat arena half a second. */
const WAIT_MS = 3_000;
/** How often it looks again whether somebody else's rebuild is done. */
const LOOK_EVERY_MS = 50;

export function createShowtimeOpener({ database, rebuilder }: { database: Database; rebuilder: Rebuilder }): ShowtimeOpener {
	const openings = createSingleFlight<ShowtimeId, OpenShowtimeOutcome>();
	const refusals = new LRUCache<ShowtimeId, NotOpen>({ max: REFUSALS_MAX, ttl: REFUSAL_TTL_MS });

	async function open(showtimeId: ShowtimeId): Promise<OpenShowtimeOutcome> {
		const opening = await findOpening(database, showtimeId);
		const refusal = refusalOf(opening, Date.now());
		if (opening === null || refusal !== null) {
			const known: NotOpen = refusal ?? { outcome: "not_found" };
			refusals.set(showtimeId, known);
			return known;
		}
		const lookUntil = Date.now() + WAIT_MS;
		for (;;) {
			const { outcome } = await rebuilder.rebuild(showtimeId, opening.startsAt).catch(unknownIsRecovering);
			if (outcome === "opened") return { outcome };
			if (outcome === "unknown") return { outcome: "not_found" };
			if (Date.now() >= lookUntil) return { outcome: "recovering" };
			await pause(LOOK_EVERY_MS);
		}
	}

	return async (showtimeId) => {
		const known = refusals.get(showtimeId);
		if (known !== undefined) return known;
		if (!openings.has(showtimeId) && openings.size >= OPENINGS_MAX) return { outcome: "recovering" };
		// A rebuild goes on after its callers have given up.
		const opening = openings.run(showtimeId, () => open(showtimeId));
		return withDeadline(opening, WAIT_MS, () => ({ outcome: "recovering" }));
	};
}

/**
 * The request itself has changed nothing yet, so it must not be answered `outcome_unknown` for a step of the rebuild that may have
 * happened. The showtime is being made ready; the opener looks again.
 */
function unknownIsRecovering(error: unknown): { outcome: "recovering" } {
	const isUnknown = error instanceof DatabaseOutcomeUnknown || (error instanceof SeatStoreFault && error.kind === "outcome_unknown");
	if (isUnknown) return { outcome: "recovering" };
	throw error;
}

function refusalOf(opening: Awaited<ReturnType<typeof findOpening>>, nowMs: number): NotOpen | null {
	if (opening === null) return { outcome: "not_found" };
	if (opening.state === "cancelled") return { outcome: "showtime_cancelled" };
	// Closed is no refusal: nothing more is held there, but what was held may be confirmed, and what was bought cancelled.
	if (nowMs >= opening.endsAt) return { outcome: "showtime_closed" };
	return null;
}
