/** Reads the current seat map of a showtime, together with the showtime and its plan. */
import type { ShowtimeId } from "@holdfast/domain";
import { withOpenShowtime } from "@holdfast/rebuild";
import type { Fenced, ReadMapOutcome } from "@holdfast/seat-store";
import type { InstalledShowtime, InstalledShowtimes } from "./installed-showtimes.ts";
import type { NotOpen } from "./open-showtime.ts";

/** Reads the map. Concurrent calls share reads (join-reads.ts), and the map is never older than the call. */
export type ReadSeatMap = (showtimeId: ShowtimeId) => Promise<ReadMapOutcome>;

/** A seat map; its letters are in the order of `plan`. */
export type LiveMap = InstalledShowtime & { readonly map: Extract<ReadMapOutcome, { outcome: "read" }> };

type ReadLiveMapDeps = { readSeatMap: ReadSeatMap; installedShowtimes: InstalledShowtimes };
type LiveMapOutcome = ({ outcome: "read" } & LiveMap) | NotOpen;

/** Returns the map. Opens the showtime first if it is not installed. `recovering`: it is being rebuilt or changed again during the retry. */
export async function readLiveMap(deps: ReadLiveMapDeps, showtimeId: ShowtimeId): Promise<LiveMapOutcome> {
	const { installedShowtimes } = deps;
	const read = () =>
		withOpenShowtime(
			() => installedShowtimes.reopen(showtimeId),
			() => readOnce(deps, showtimeId),
		);
	const first = await read();
	if (first.outcome !== "outdated") return first;
	installedShowtimes.forget(showtimeId);
	const second = await read();
	return second.outcome === "outdated" ? { outcome: "recovering" } : second;
}

/** `outdated`: the map belongs to another version of the showtime than the one cached in this process. */
async function readOnce(
	{ readSeatMap, installedShowtimes }: ReadLiveMapDeps,
	showtimeId: ShowtimeId,
): Promise<LiveMapOutcome | { outcome: "outdated" } | Fenced> {
	const live = await installedShowtimes.find(showtimeId);
	if (live.outcome !== "found") return live;
	const map = await readSeatMap(showtimeId);
	if (map.outcome !== "read") return map;
	return isOutdated(live, map) ? { outcome: "outdated" } : { outcome: "read", showtime: live.showtime, plan: live.plan, map };
}

/** True if the plan, the prices or the schedule changed since this process last read the showtime. */
function isOutdated({ showtime, plan }: InstalledShowtime, map: LiveMap["map"]): boolean {
	if (map.statuses.length !== plan.seats.length) return true;
	return map.showtimeVersion !== showtime.showtimeVersion || map.scheduleVersion !== showtime.scheduleVersion;
}
