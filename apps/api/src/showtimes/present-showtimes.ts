/** Converts the showtimes of a list to their public bodies. */
import type { Showtime } from "@holdfast/database";
import type { ShowtimeBody } from "../contract/showtime.ts";
import type { RouteDeps } from "../deps.ts";
import { presentSkippingUnreadable } from "../present-skipping-unreadable.ts";
import { presentShowtime } from "./present-showtime.ts";

/** Returns the bodies as of `nowMs`, with their seat counts as far as those are known. Leaves out showtimes that cannot be read. */
export async function presentShowtimes(
	{ countSeatsOf, reportUnreadable }: Pick<RouteDeps, "countSeatsOf" | "reportUnreadable">,
	showtimes: readonly Showtime[],
	nowMs: number,
): Promise<ShowtimeBody[]> {
	const counts = await countSeatsOf(showtimes.map(({ id }) => id));
	return presentSkippingUnreadable(
		showtimes,
		(showtime) => ({ ...presentShowtime(showtime, nowMs), counts: counts.get(showtime.id) ?? null }),
		(id, error) => reportUnreadable("showtime", id, error),
	);
}
