/**
 * Showtimes as they are installed in the seat store, kept in this process so that a hold costs one round trip. What
 * is kept may be behind; that is harmless, since the script judges a hold by what is installed and says `stale_prices`.
 */
import type { IndexedSeatPlan, OpenShowtime, ShowtimeId } from "@holdfast/domain";
import { createSingleFlight } from "@holdfast/runtime";
import type { SeatStore } from "@holdfast/seat-store";
import { LRUCache } from "lru-cache";
import type { NotOpen, ShowtimeOpener } from "./open-showtime.ts";
import type { SeatPlans } from "./seat-plans.ts";

/** About 1 KB each. */
const CACHED_SHOWTIMES_MAX = 20_000;

export type LiveShowtime = { readonly showtime: OpenShowtime; readonly plan: IndexedSeatPlan };

export type LiveShowtimes = {
	/** The showtime with its plan; opens it first when nobody has. */
	find(showtimeId: ShowtimeId): Promise<({ outcome: "found" } & LiveShowtime) | NotOpen>;
	/** The showtime if it is open, or null. Opens nothing. */
	peek(showtimeId: ShowtimeId): Promise<OpenShowtime | null>;
	/** Drop what is kept, and open the showtime again if it is gone from the store: after `not_ready`. */
	reopen(showtimeId: ShowtimeId): Promise<{ outcome: "opened" } | NotOpen>;
	/** Drop what is kept, so that the next look reads it anew: after `stale_prices`. */
	forget(showtimeId: ShowtimeId): void;
};

export function createLiveShowtimes(deps: { seatStore: SeatStore; seatPlans: SeatPlans; openShowtime: ShowtimeOpener }): LiveShowtimes {
	const { seatStore, seatPlans, openShowtime } = deps;
	const cache = new LRUCache<ShowtimeId, OpenShowtime>({ max: CACHED_SHOWTIMES_MAX });
	const reads = createSingleFlight<ShowtimeId, OpenShowtime | null>();

	/** One read per showtime at a time: a crowd that meets a cold cache asks once. */
	function peek(showtimeId: ShowtimeId): Promise<OpenShowtime | null> {
		const cached = cache.get(showtimeId);
		return cached === undefined ? reads.run(showtimeId, () => readAndKeep(showtimeId)) : Promise.resolve(cached);
	}

	async function readAndKeep(showtimeId: ShowtimeId): Promise<OpenShowtime | null> {
		const showtime = await seatStore.readShowtime(showtimeId);
		if (showtime !== null) cache.set(showtimeId, showtime);
		return showtime;
	}

	return {
		peek,
		forget: (showtimeId) => void cache.delete(showtimeId),
		async reopen(showtimeId) {
			cache.delete(showtimeId);
			return openShowtime(showtimeId);
		},
		async find(showtimeId) {
			let showtime = await peek(showtimeId);
			if (showtime === null) {
				const opening = await openShowtime(showtimeId);
				if (opening.outcome !== "opened") return opening;
				showtime = await peek(showtimeId);
				if (showtime === null) return { outcome: "recovering" };
			}
			return { outcome: "found", showtime, plan: await seatPlans.find(showtime.planId, showtimeId) };
		},
	};
}
