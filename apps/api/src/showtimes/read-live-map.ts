/** The seat map of a showtime as it is now, with the plan its letters count in. */
import type { ShowtimeId } from "@holdfast/domain";
import type { ReadMapOutcome } from "@holdfast/seat-store";
import type { LiveShowtime, LiveShowtimes } from "./live-showtimes.ts";
import type { NotOpen } from "./open-showtime.ts";

/** Reads that are asked for together are one (join-reads.ts); the map is never older than the question. */
export type ReadSeatMap = (showtimeId: ShowtimeId) => Promise<ReadMapOutcome>;

export type LiveMap = LiveShowtime & { readonly map: Extract<ReadMapOutcome, { outcome: "read" }> };

/** One try, one after the showtime was opened or read anew. */
const TRIES_MAX = 2;

/** Opens the showtime first when nobody has. */
export async function readLiveMap(
	{ readSeatMap, liveShowtimes }: { readSeatMap: ReadSeatMap; liveShowtimes: LiveShowtimes },
	showtimeId: ShowtimeId,
): Promise<({ outcome: "read" } & LiveMap) | NotOpen> {
	for (let attempt = 0; attempt < TRIES_MAX; attempt += 1) {
		const live = await liveShowtimes.find(showtimeId);
		if (live.outcome !== "found") return live;
		const map = await readSeatMap(showtimeId);
		if (map.outcome === "recovering") return map;
		if (map.outcome === "not_ready" || map.outcome === "fenced") {
			const opening = await liveShowtimes.reopen(showtimeId);
			if (opening.outcome !== "opened") return opening;
		} else if (isOutdated(live, map)) {
			liveShowtimes.forget(showtimeId);
		} else {
			return { outcome: "read", showtime: live.showtime, plan: live.plan, map };
		}
	}
	return { outcome: "recovering" };
}

/** Whether the showtime was changed since this process last read it: its plan, its prices, its time. */
function isOutdated({ showtime, plan }: LiveShowtime, map: LiveMap["map"]): boolean {
	if (map.statuses.length !== plan.seats.length) return true;
	return map.showtimeVersion !== showtime.showtimeVersion || map.scheduleVersion !== showtime.scheduleVersion;
}
