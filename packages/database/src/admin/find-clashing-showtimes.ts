/** Judges planned starts against the showtimes that an auditorium has, and against each other. */
import {
	type AuditoriumId,
	findClashes,
	findNextFreeStart,
	findShowtimeEnds,
	type OccupiedRange,
	type PlannedStart,
	type ShowtimeId,
} from "@holdfast/domain";
import { and, asc, eq, gt, ne } from "drizzle-orm";
import type { ReadQueries } from "../create-database.ts";
import { movies, showtimes } from "../schema/index.ts";

/** A showtime that is in the way. Instants are epoch ms. */
export type ClashingShowtime = {
	/** Null for another start of the same request. */
	readonly id: ShowtimeId | null;
	readonly title: string;
	readonly startsAt: number;
	/** When the auditorium is free again. */
	readonly occupiedUntil: number;
};

/** A start that would clash. `nextFreeStart`: the earliest later start at which the auditorium is free, epoch ms. */
export type Clash = {
	readonly outcome: "showtime_clash";
	/** The showtime in the way. */
	readonly with: ClashingShowtime;
	readonly nextFreeStart: number;
};

/** How long a showtime takes, in minutes. */
export type ShowtimeMinutes = { readonly durationMinutes: number; readonly extraMinutes: number; readonly cleaningMinutes: number };

/** The showtimes of an auditorium from an instant on that are not cancelled, by start. */
export async function listOccupied(queries: ReadQueries, auditoriumId: AuditoriumId, fromMs: number): Promise<ClashingShowtime[]> {
	const rows = await queries
		.select({
			id: showtimes.id,
			title: movies.title,
			startsAt: showtimes.startsAt,
			occupiedUntil: showtimes.occupiedUntil,
		})
		.from(showtimes)
		.innerJoin(movies, eq(movies.id, showtimes.movieId))
		.where(and(eq(showtimes.auditoriumId, auditoriumId), ne(showtimes.state, "cancelled"), gt(showtimes.occupiedUntil, new Date(fromMs))))
		.orderBy(asc(showtimes.startsAt));
	return rows.map((row) => ({
		...row,
		startsAt: row.startsAt.getTime(),
		occupiedUntil: row.occupiedUntil.getTime(),
	}));
}

/** Returns the clashes by index into `planned`. Starts without a clash, and those that cannot take place anyway, have no entry. */
export function findShowtimeClashes(
	planned: readonly PlannedStart[],
	occupied: readonly ClashingShowtime[],
	{ title, ...minutes }: ShowtimeMinutes & { readonly title: string },
): ReadonlyMap<number, Clash> {
	const clashes = new Map<number, Clash>();
	const ranges: OccupiedRange[] = occupied.map(({ startsAt, occupiedUntil }) => ({ from: startsAt, until: occupiedUntil }));
	const { occupiedUntil: occupiesMs, endsAt: lengthMs } = findShowtimeEnds({ startsAt: 0, ...minutes });
	const free = planned.map((start, index): PlannedStart => {
		if (start.outcome !== "starts") return start;
		const { startsAt } = start;
		const found = occupied.find((other) => other.startsAt < startsAt + occupiesMs && startsAt < other.occupiedUntil);
		if (found === undefined) return start;
		const nextFreeStart = findNextFreeStart(ranges, startsAt, occupiesMs);
		clashes.set(index, { outcome: "showtime_clash", with: found, nextFreeStart });
		// It gets no place, so it is in the way of no other start.
		return { ...start, outcome: "showtime_in_past" };
	});
	for (const { index, clashesWith } of findClashes(free, { lengthMs, gapMs: occupiesMs - lengthMs })) {
		const [start, other] = [free[index], free[clashesWith]];
		if (start?.outcome !== "starts" || other?.outcome !== "starts") continue;
		const inTheWay = { id: null, title, startsAt: other.startsAt, occupiedUntil: other.startsAt + occupiesMs };
		const taken = [...ranges, { from: inTheWay.startsAt, until: inTheWay.occupiedUntil }];
		const nextFreeStart = findNextFreeStart(taken, start.startsAt, occupiesMs);
		clashes.set(index, { outcome: "showtime_clash", with: inTheWay, nextFreeStart });
	}
	return clashes;
}
