/** Converts showtimes and the results of scheduling to their response bodies for staff. */
import type { AdminShowtime, ClashingShowtime, JudgedStart } from "@holdfast/database";
import { toLocalTime } from "@holdfast/domain";
import type { AdminShowtimeBody, PlannedShowtimeBody } from "../contract/admin-showtime.ts";
import { toInstant } from "../contract/share.ts";

/** The version of a showtime: of its terms, and of its schedule. */
export const versionOf = ({ showtimeVersion, scheduleVersion }: Pick<AdminShowtime, "showtimeVersion" | "scheduleVersion">): string =>
	`${showtimeVersion}.${scheduleVersion}`;

/** Returns the body of a showtime for staff. */
export function presentAdminShowtime(showtime: AdminShowtime): AdminShowtimeBody {
	const { date, time } = toLocalTime(showtime.startsAt, showtime.summary.timeZone);
	return {
		id: showtime.id,
		movie: showtime.summary.movie,
		auditorium: showtime.summary.auditorium,
		planId: showtime.planId,
		startsAt: toInstant(showtime.startsAt),
		endsAt: toInstant(showtime.endsAt),
		occupiedUntil: toInstant(showtime.occupiedUntil),
		timeZone: showtime.summary.timeZone,
		localStart: `${date}T${time}`,
		day: showtime.day,
		salesOpenAt: toInstant(showtime.salesOpenAt),
		salesCloseAt: toInstant(showtime.salesCloseAt),
		state: showtime.state,
		prices: Object.entries(showtime.prices).map(([tier, amount]) => ({ tier, price: { amount, currency: showtime.currency } })),
		blockedSeats: showtime.blockedSeats.length,
		version: versionOf(showtime),
		createdAt: toInstant(showtime.createdAt),
	};
}

/** Returns the body of each start of a schedule. */
export function presentStarts(starts: readonly JudgedStart[]): PlannedShowtimeBody[] {
	return starts.map((start) => {
		const { date, time, outcome } = start;
		if (outcome === "time_skipped") return { date, time, outcome, startsAt: null, showtimeId: null };
		const startsAt = toInstant(start.startsAt);
		if (outcome === "scheduled") return { date, time, outcome, startsAt, showtimeId: start.showtimeId };
		if (outcome !== "showtime_clash") return { date, time, outcome, startsAt, showtimeId: null };
		const { with: other, nextFreeStart } = start;
		return { date, time, outcome, startsAt, showtimeId: null, clash: presentClash(other), nextFreeStart: toInstant(nextFreeStart) };
	});
}

/** Returns the body of a showtime in the way. */
export const presentClash = ({ id, title, startsAt, occupiedUntil }: ClashingShowtime) => ({
	id,
	title,
	startsAt: toInstant(startsAt),
	occupiedUntil: toInstant(occupiedUntil),
});
