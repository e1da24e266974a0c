/**
 * Opens a showtime for selling: puts what the ledger knows of it into the seat store. Done by the first who asks
 * for it, once per process at a time; between processes a compare-and-set on the showtime's epoch picks one.
 */
import { setTimeout as pause } from "node:timers/promises";
import { type Database, findOpening, findSeatPlan, openShowtimeInLedger } from "@holdfast/database";
import type { SeatPlanId, ShowtimeId } from "@holdfast/domain";
import { assert, unreachable } from "@holdfast/runtime";
import type { SeatStore } from "@holdfast/seat-store";
import { createBoundedCache } from "../bounded-cache.ts";

/** Why a showtime cannot be opened. `recovering`: another process is at it, or too many are being opened; ask again. */
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
/** Showtimes being opened at the same time, past which the answer is `recovering`. */
const OPENINGS_MAX = 64;
/** How long the loser of a race waits for the winner: opening takes some 20 ms, a 50,000-seat arena 300 ms. */
const WINNER_LOOKS = 20;
const WINNER_PAUSE_MS = 50;

export function createShowtimeOpener({ seatStore, database }: { seatStore: SeatStore; database: Database }): ShowtimeOpener {
	const underWay = new Map<ShowtimeId, Promise<OpenShowtimeOutcome>>();
	const refusals = createBoundedCache<ShowtimeId, { readonly refusal: NotOpen; readonly untilMs: number }>({ weightMax: REFUSALS_MAX });

	async function open(showtimeId: ShowtimeId): Promise<OpenShowtimeOutcome> {
		const opening = await findOpening(database, showtimeId);
		const refusal = refusalOf(opening, Date.now());
		if (refusal !== null) {
			refusals.set(showtimeId, { refusal, untilMs: Date.now() + REFUSAL_TTL_MS });
			return refusal;
		}
		assert(opening !== null, "a showtime that is not refused exists");
		// It was opened before: by a process that was faster a moment ago, or Redis has lost it since.
		if (opening.epoch > 0 && (await seatStore.readShowtime(showtimeId)) !== null) return { outcome: "opened" };
		const result = await openShowtimeInLedger(database, showtimeId, { seenEpoch: opening.epoch });
		switch (result.outcome) {
			case "unknown":
				return { outcome: "not_found" };
			case "raced":
				return awaitWinner(showtimeId);
			case "opened":
				await putPlan(result.snapshot.showtime.planId);
				break;
			default:
				return unreachable(result);
		}
		const { outcome } = await seatStore.installShowtime(result.snapshot);
		return outcome === "superseded" ? awaitWinner(showtimeId) : { outcome: "opened" };
	}

	/** Before the showtime: from the moment it is installed, everyone may need its plan. */
	async function putPlan(planId: SeatPlanId): Promise<void> {
		if (await seatStore.hasPlan(planId)) return;
		const plan = await findSeatPlan(database, planId);
		assert(plan !== null, `seat plan ${planId} is in the ledger`);
		await seatStore.writePlan(plan);
	}

	async function awaitWinner(showtimeId: ShowtimeId): Promise<OpenShowtimeOutcome> {
		for (let look = 0; look < WINNER_LOOKS; look += 1) {
			await pause(WINNER_PAUSE_MS);
			if ((await seatStore.readShowtime(showtimeId)) !== null) return { outcome: "opened" };
		}
		return { outcome: "recovering" };
	}

	return async (showtimeId) => {
		const known = refusals.get(showtimeId);
		if (known !== undefined && Date.now() < known.untilMs) return known.refusal;
		const already = underWay.get(showtimeId);
		if (already !== undefined) return already;
		if (underWay.size >= OPENINGS_MAX) return { outcome: "recovering" };
		const opening = open(showtimeId).finally(() => underWay.delete(showtimeId));
		underWay.set(showtimeId, opening);
		return opening;
	};
}

function refusalOf(opening: Awaited<ReturnType<typeof findOpening>>, nowMs: number): NotOpen | null {
	if (opening === null) return { outcome: "not_found" };
	if (opening.state === "cancelled") return { outcome: "showtime_cancelled" };
	if (opening.state === "closed" || nowMs >= opening.endsAt) return { outcome: "showtime_closed" };
	return null;
}
