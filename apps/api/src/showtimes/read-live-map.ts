/** The seat map of a showtime as it is now, with the plan its letters count in. */
import type { ShowtimeId } from "@holdfast/domain";
import { withOpenShowtime } from "@holdfast/rebuild";
import type { Fenced, ReadMapOutcome } from "@holdfast/seat-store";
import type { LiveShowtime, LiveShowtimes } from "./live-showtimes.ts";
import type { NotOpen } from "./open-showtime.ts";

/** Reads that are asked for together are one (join-reads.ts); the map is never older than the question. */
export type ReadSeatMap = (showtimeId: ShowtimeId) => Promise<ReadMapOutcome>;

export type LiveMap = LiveShowtime & { readonly map: Extract<ReadMapOutcome, { outcome: "read" }> };

type ReadLiveMapDeps = { readSeatMap: ReadSeatMap; liveShowtimes: LiveShowtimes };
type LiveMapOutcome = ({ outcome: "read" } & LiveMap) | NotOpen;

/** Opens the showtime first when nobody has. */
export async function readLiveMap(deps: ReadLiveMapDeps, showtimeId: ShowtimeId): Promise<LiveMapOutcome> {
	const { liveShowtimes } = deps;
	const read = () =>
		withOpenShowtime(
			() => liveShowtimes.reopen(showtimeId),
			() => readOnce(deps, showtimeId),
		);
	const first = await read();
	if (first.outcome !== "outdated") return first;
	liveShowtimes.forget(showtimeId);
	const second = await read();
	return second.outcome === "outdated" ? { outcome: "recovering" } : second;
}

/** `outdated`: the map is of another version of the showtime than this process knows. */
async function readOnce(
	{ readSeatMap, liveShowtimes }: ReadLiveMapDeps,
	showtimeId: ShowtimeId,
): Promise<LiveMapOutcome | { outcome: "outdated" } | Fenced> {
	const live = await liveShowtimes.find(showtimeId);
	if (live.outcome !== "found") return live;
	const map = await readSeatMap(showtimeId);
	if (map.outcome !== "read") return map;
	return isOutdated(live, map) ? { outcome: "outdated" } : { outcome: "read", showtime: live.showtime, plan: live.plan, map };
}

/** Whether the showtime was changed since this process last read it: its plan, its prices, its time. */
function isOutdated({ showtime, plan }: LiveShowtime, map: LiveMap["map"]): boolean {
	if (map.statuses.length !== plan.seats.length) return true;
	return map.showtimeVersion !== showtime.showtimeVersion || map.scheduleVersion !== showtime.scheduleVersion;
}
