/** Reads what scheduling needs to know about a movie and an auditorium, and locks the auditorium. */
import type { AuditoriumId, MovieId, SeatPlanId, SeatPlanLayout, TierPrices } from "@holdfast/domain";
import { and, eq, isNull } from "drizzle-orm";
import type { Queries } from "../create-database.ts";
import { auditoriums, movies, seatPlans } from "../schema/index.ts";

/** The auditorium and its plan, as of now. */
export type Room = {
	readonly id: AuditoriumId;
	readonly name: string;
	readonly timeZone: string;
	readonly cleaningMinutes: number;
	readonly currency: string;
	readonly defaultPrices: TierPrices | null;
	readonly defaultBlocks: readonly string[];
};

/**
 * Returns the auditorium, or null when it does not exist or is archived, and locks it: commands that occupy one auditorium run one after
 * the other, so that each sees the showtimes of the one before. Reads, and showtimes that settle, do not wait for this lock.
 */
export async function lockRoom(tx: Queries, id: AuditoriumId): Promise<Room | null> {
	const [row] = await tx
		.select({
			id: auditoriums.id,
			name: auditoriums.name,
			timeZone: auditoriums.timeZone,
			cleaningMinutes: auditoriums.cleaningMinutes,
			currency: auditoriums.currency,
			defaultPrices: auditoriums.defaultPrices,
			defaultBlocks: auditoriums.defaultBlocks,
		})
		.from(auditoriums)
		.where(and(eq(auditoriums.id, id), isNull(auditoriums.archivedAt)))
		.for("no key update");
	return row ?? null;
}

/** Returns the running time of a movie in minutes and locks the movie against being archived, or null when there is no such movie. */
export async function lockMovie(tx: Queries, id: MovieId): Promise<{ readonly durationMinutes: number; readonly title: string } | null> {
	const [row] = await tx
		.select({ durationMinutes: movies.durationMinutes, title: movies.title })
		.from(movies)
		.where(and(eq(movies.id, id), isNull(movies.archivedAt)))
		.for("share");
	return row ?? null;
}

/** Returns the given plan of the auditorium, or its current one, or null when there is none. */
export async function findRoomPlan(
	tx: Queries,
	auditoriumId: AuditoriumId,
	planId: SeatPlanId | null,
): Promise<{ readonly id: SeatPlanId; readonly layout: SeatPlanLayout } | null> {
	const chosen = planId === null ? seatPlans.isCurrent : eq(seatPlans.id, planId);
	const [row] = await tx
		.select({ id: seatPlans.id, layout: seatPlans.layout })
		.from(seatPlans)
		.where(and(eq(seatPlans.auditoriumId, auditoriumId), chosen));
	return row ?? null;
}
