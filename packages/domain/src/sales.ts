/** What a buyer may do at a showtime now. The rule of place-hold.lua, for every answer that shows a showtime. */
import type { OpenShowtime } from "./showtime.ts";

/** Every value of `sales`. Only at an `open` one can seats be held. */
export const SHOWTIME_SALES = ["not_yet", "open", "paused", "ended"] as const;
/** One of `SHOWTIME_SALES`. */
export type ShowtimeSales = (typeof SHOWTIME_SALES)[number];

/**
 * Returns whether sales are open at `nowMs`, and if not, why. The first of these that applies:
 * - `ended`: the showtime is closed, cancelled or over, or its sales window has closed. For a buyer this is final.
 * - `not_yet`: the sales window has not opened, also while the showtime is paused: the buyer waits for `salesOpenAt` in either case, and
 *   a pause is usually over by then.
 * - `paused`: an administrator has interrupted sales within the window.
 */
export function salesOf(
	{ state, salesOpenAt, salesCloseAt, endsAt }: Pick<OpenShowtime, "state" | "salesOpenAt" | "salesCloseAt" | "endsAt">,
	nowMs: number,
): ShowtimeSales {
	if (state === "closed" || state === "cancelled" || nowMs >= salesCloseAt || nowMs >= endsAt) return "ended";
	if (nowMs < salesOpenAt) return "not_yet";
	return state === "paused" ? "paused" : "open";
}
