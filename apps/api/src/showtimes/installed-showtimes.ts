/**
 * Caches the showtimes that are installed in the seat store, so that a hold costs one round trip. An entry may be stale. That is
 * harmless: the script checks a hold against the installed showtime and answers `stale_prices`.
 */
import type { IndexedSeatPlan, OpenShowtime, ShowtimeId } from "@holdfast/domain";
import { createSingleFlight } from "@holdfast/runtime";
import type { SeatStore } from "@holdfast/seat-store";
import { createLru } from "../create-lru.ts";
import type { NotOpen, ShowtimeOpener } from "./open-showtime.ts";
import type { SeatPlans } from "./seat-plans.ts";

/** About 1 KB each. */
const CACHED_SHOWTIMES_MAX = 20_000;

/** A showtime that is installed in the seat store, and its plan. */
export type InstalledShowtime = { readonly showtime: OpenShowtime; readonly plan: IndexedSeatPlan };

/** The cached showtimes. */
export type InstalledShowtimes = {
	/** Returns the showtime with its plan. Opens it first if it is not installed. */
	find(showtimeId: ShowtimeId): Promise<({ outcome: "found" } & InstalledShowtime) | NotOpen>;
	/** Returns the showtime if it is installed, otherwise null. Never opens it. */
	peek(showtimeId: ShowtimeId): Promise<OpenShowtime | null>;
	/** Drops the cache entry and opens the showtime again if it is no longer installed. Call after `not_ready`. */
	reopen(showtimeId: ShowtimeId): Promise<{ outcome: "opened" } | NotOpen>;
	/** Drops the cache entry, so that the next call reads the store. Call after `stale_prices`. */
	forget(showtimeId: ShowtimeId): void;
};

/** Returns an empty cache. Create one per process. */
export function createInstalledShowtimes(deps: {
	seatStore: SeatStore;
	seatPlans: SeatPlans;
	openShowtime: ShowtimeOpener;
}): InstalledShowtimes {
	const { seatStore, seatPlans, openShowtime } = deps;
	const cache = createLru<ShowtimeId, OpenShowtime>(CACHED_SHOWTIMES_MAX);
	const reads = createSingleFlight<ShowtimeId, OpenShowtime | null>();

	/** Reads each showtime at most once at a time, so that a crowd with a cold cache causes one read. */
	function peek(showtimeId: ShowtimeId): Promise<OpenShowtime | null> {
		const cached = cache.get(showtimeId);
		return cached === undefined ? reads.run(showtimeId, () => readAndCache(showtimeId)) : Promise.resolve(cached);
	}

	async function readAndCache(showtimeId: ShowtimeId): Promise<OpenShowtime | null> {
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
