/**
 * Opens a showtime that a request needs and that is not installed in the seat store: looks it up in the catalogue and has it
 * rebuilt. A showtime that is unknown, over or cancelled is refused here, so requests never cause a rebuild of it.
 */
import { setTimeout as pause } from "node:timers/promises";
import { type Database, DatabaseOutcomeUnknown, findOpening } from "@holdfast/database";
import type { ShowtimeId } from "@holdfast/domain";
import type { Rebuilder } from "@holdfast/rebuild";
import { createSingleFlight, withDeadline } from "@holdfast/runtime";
import { SeatStoreFault } from "@holdfast/seat-store";
import { createLru } from "../create-lru.ts";

/** Why a showtime cannot be opened. `recovering`: it is being rebuilt, or too many showtimes are. The client can retry. */
export type NotOpen =
	| { outcome: "not_found" }
	| { outcome: "showtime_closed" }
	| { outcome: "showtime_cancelled" }
	| { outcome: "recovering" };
/** `opened`: the showtime is installed. */
export type OpenShowtimeOutcome = { outcome: "opened" } | NotOpen;

/** Opens a showtime. Safe to call at any time: an open showtime is not changed. */
export type ShowtimeOpener = (showtimeId: ShowtimeId) => Promise<OpenShowtimeOutcome>;

/** How long a refusal is cached, so that repeated requests for a showtime that cannot be opened do not all reach Postgres. */
const REFUSAL_TTL_MS = 10_000;
const REFUSALS_MAX = 10_000;
/** Maximum number of showtimes that requests open at the same time. Beyond it the answer is `recovering`. */
const OPENINGS_MAX = 64;
/** How long a request waits for a rebuild. A rebuild takes some 20 ms, or half a second for an arena of 50,000 seats. */
const WAIT_MS = 3_000;
/** Delay between checks whether another process has finished its rebuild. */
const CHECK_EVERY_MS = 50;

/** Returns the opener. Create one per process: concurrent calls for one showtime share one rebuild. */
export function createShowtimeOpener({ database, rebuilder }: { database: Database; rebuilder: Rebuilder }): ShowtimeOpener {
	const openings = createSingleFlight<ShowtimeId, OpenShowtimeOutcome>();
	const refusals = createLru<ShowtimeId, NotOpen>(REFUSALS_MAX, REFUSAL_TTL_MS);

	async function open(showtimeId: ShowtimeId): Promise<OpenShowtimeOutcome> {
		const opening = await findOpening(database, showtimeId);
		const refusal = refusalOf(opening, Date.now());
		if (opening === null || refusal !== null) {
			const known: NotOpen = refusal ?? { outcome: "not_found" };
			refusals.set(showtimeId, known);
			return known;
		}
		const deadlineMs = Date.now() + WAIT_MS;
		for (;;) {
			const { outcome } = await rebuilder.rebuild(showtimeId, opening.startsAt).catch(recoveringIfUnknown);
			if (outcome === "opened") return { outcome };
			if (outcome === "unknown") return { outcome: "not_found" };
			if (Date.now() >= deadlineMs) return { outcome: "recovering" };
			await pause(CHECK_EVERY_MS);
		}
	}

	return async (showtimeId) => {
		const known = refusals.get(showtimeId);
		if (known !== undefined) return known;
		if (!openings.has(showtimeId) && openings.size >= OPENINGS_MAX) return { outcome: "recovering" };
		// The rebuild continues after its callers have stopped waiting.
		const opening = openings.run(showtimeId, () => open(showtimeId));
		return withDeadline(opening, WAIT_MS, () => ({ outcome: "recovering" }));
	};
}

/**
 * Treats an unknown outcome of a rebuild step as `recovering`: the request has changed nothing itself, so it must not be answered
 * `outcome_unknown`. The opener then checks again. Rethrows other errors.
 */
function recoveringIfUnknown(error: unknown): { outcome: "recovering" } {
	const isUnknown = error instanceof DatabaseOutcomeUnknown || (error instanceof SeatStoreFault && error.kind === "outcome_unknown");
	if (isUnknown) return { outcome: "recovering" };
	throw error;
}

function refusalOf(opening: Awaited<ReturnType<typeof findOpening>>, nowMs: number): NotOpen | null {
	if (opening === null) return { outcome: "not_found" };
	if (opening.state === "cancelled") return { outcome: "showtime_cancelled" };
	// A showtime whose sales are closed is opened: it takes no new holds, but existing holds can be confirmed and bookings cancelled.
	if (nowMs >= opening.endsAt) return { outcome: "showtime_closed" };
	return null;
}
