/** Moves a showtime to another time in the ledger, and notes that the seat store has to follow. */
import { findNextFreeStart, MINUTE_MS, type PlannedStart, type ShowtimeId, type StaffCommand } from "@holdfast/domain";
import { assert } from "@holdfast/runtime";
import { eq } from "drizzle-orm";
import { type Clash, listOccupied } from "../admin/find-clashing-showtimes.ts";
import { lockRoom, type Room } from "../admin/find-room.ts";
import type { PlanOutcome } from "../admin/schedule-showtimes.ts";
import { STAFF_DEADLINE_MS } from "../admin/staff-deadline.ts";
import { accepts, type VersionCondition } from "../admin/version-condition.ts";
import type { Database, Queries } from "../create-database.ts";
import { writeTo } from "../run-queries.ts";
import { movies, showtimes } from "../schema/index.ts";
import { findOpenAction } from "./find-open-action.ts";
import { commandColumns, insertAction } from "./showtime-action.ts";

/** A move of a showtime. */
export type RescheduleRequest = {
	readonly showtimeId: ShowtimeId;
	/** Finds the one start, once the zone of the auditorium is known. */
	readonly plan: (timeZone: string) => PlanOutcome;
	/** Trailers and intervals, in minutes, beside the running time that the movie has now. Undefined: the showtime keeps its length. */
	readonly extraMinutes?: number | undefined;
	/** The schedule versions that the move accepts (If-Match); null: any. */
	readonly ifVersions: VersionCondition;
	readonly command: StaffCommand;
};

/**
 * `started`: the ledger has the new time; drive the action `actionId`, also when an earlier request started it. `unchanged`: the showtime is at this time already, whatever
 * `ifVersions` says, so that a repeat after a lost answer succeeds. `action_open`: an earlier action of the showtime is not finished; drive
 * it, then try again. `showtime_closed`: it has started. `refused_start`: the new start cannot be.
 */
export type RescheduleStart =
	| { readonly outcome: "started"; readonly actionId: string; readonly scheduleVersion: number }
	| { readonly outcome: "unchanged" | "version_mismatch"; readonly scheduleVersion: number }
	| { readonly outcome: "action_open"; readonly actionId: string }
	| { readonly outcome: "not_found" | "showtime_cancelled" | "showtime_closed" }
	| { readonly outcome: "refused_start"; readonly start: Exclude<PlannedStart, { readonly outcome: "starts" }> | Clash }
	| Exclude<PlanOutcome, { readonly outcome: "planned" }>;

/**
 * Moves the showtime in its auditorium and adds the action, all or nothing. Commands for one auditorium run one after the other. The
 * cleaning after it is as long as the auditorium says now. Writes no audit row: the row comes with the event of the seat store.
 */
export function startReschedule(database: Database, request: RescheduleRequest): Promise<RescheduleStart> {
	const run = (queries: Queries) => queries.transaction((tx) => move(tx, request));
	return writeTo(database, "administration", run, STAFF_DEADLINE_MS);
}

type Showtime = typeof showtimes.$inferSelect;

async function move(tx: Queries, request: RescheduleRequest): Promise<RescheduleStart> {
	const { showtimeId, ifVersions, command } = request;
	const locked = await lockShowtime(tx, showtimeId);
	if (locked === null) return { outcome: "not_found" };
	const { showtime, room } = locked;
	if (showtime.state === "cancelled") return { outcome: "showtime_cancelled" };
	const planned = request.plan(showtime.timeZone);
	if (planned.outcome !== "planned") return planned;
	const [start] = planned.starts;
	assert(start !== undefined && planned.starts.length === 1, "a move plans not exactly one start");
	if (start.outcome === "time_skipped") return { outcome: "refused_start", start };

	const { startsAt } = start;
	const endsAt = startsAt + (await findLengthMs(tx, showtime, request.extraMinutes));
	const occupiedUntil = endsAt + room.cleaningMinutes * MINUTE_MS;
	const { scheduleVersion } = showtime;
	const isUnchanged = startsAt === showtime.startsAt.getTime() && endsAt === showtime.endsAt.getTime();
	if (isUnchanged) {
		const own = await findOpenAction(tx, showtimeId, ["reschedule"]);
		return own === null ? { outcome: "unchanged", scheduleVersion } : { outcome: "started", actionId: own.id, scheduleVersion };
	}
	if (!accepts(ifVersions, scheduleVersion)) return { outcome: "version_mismatch", scheduleVersion };
	if (showtime.startsAt.getTime() <= Date.now()) return { outcome: "showtime_closed" };
	if (start.outcome === "showtime_in_past") return { outcome: "refused_start", start };
	const open = await findOpenAction(tx, showtimeId, ["reschedule", "cancel"]);
	if (open !== null) return { outcome: "action_open", actionId: open.id };
	const clash = await findClash(tx, showtime, { startsAt, occupiedUntil });
	if (clash !== null) return { outcome: "refused_start", start: clash };

	const to = { startsAt: new Date(startsAt), endsAt: new Date(endsAt) };
	const next = scheduleVersion + 1;
	await tx
		.update(showtimes)
		.set({ ...to, occupiedUntil: new Date(occupiedUntil), scheduleVersion: next })
		.where(eq(showtimes.id, showtimeId));
	const actionId = await insertAction(tx, {
		...commandColumns(command),
		kind: "reschedule",
		showtimeId,
		scheduleVersion: next,
		fromStartsAt: showtime.startsAt,
		fromEndsAt: showtime.endsAt,
		toStartsAt: to.startsAt,
		toEndsAt: to.endsAt,
	});
	return { outcome: "started", actionId, scheduleVersion: next };
}

/** Locks the auditorium and then the showtime, in the order of every command that occupies an auditorium. */
async function lockShowtime(tx: Queries, id: ShowtimeId): Promise<{ readonly showtime: Showtime; readonly room: Room } | null> {
	const [found] = await tx.select({ auditoriumId: showtimes.auditoriumId }).from(showtimes).where(eq(showtimes.id, id));
	if (found === undefined) return null;
	const room = await lockRoom(tx, found.auditoriumId);
	const [showtime] = await tx.select().from(showtimes).where(eq(showtimes.id, id)).for("no key update");
	assert(showtime !== undefined, `showtime ${id} was deleted`);
	// Only an auditorium without showtimes to come is archived.
	return room === null ? null : { showtime, room };
}

async function findLengthMs(tx: Queries, showtime: Showtime, extraMinutes: number | undefined): Promise<number> {
	if (extraMinutes === undefined) return showtime.endsAt.getTime() - showtime.startsAt.getTime();
	const [movie] = await tx.select({ minutes: movies.durationMinutes }).from(movies).where(eq(movies.id, showtime.movieId));
	assert(movie !== undefined, `movie ${showtime.movieId} was deleted`);
	return (movie.minutes + extraMinutes) * MINUTE_MS;
}

type Occupation = { readonly startsAt: number; readonly occupiedUntil: number };

/** Returns the showtime that is in the way, or null. A showtime is never in its own way. */
async function findClash(tx: Queries, showtime: Showtime, { startsAt, occupiedUntil }: Occupation): Promise<Clash | null> {
	const occupied = await listOccupied(tx, showtime.auditoriumId, startsAt);
	const others = occupied.filter(({ id }) => id !== showtime.id);
	const inTheWay = others.find((other) => other.startsAt < occupiedUntil && startsAt < other.occupiedUntil);
	if (inTheWay === undefined) return null;
	const ranges = others.map((other) => ({ from: other.startsAt, until: other.occupiedUntil }));
	const nextFreeStart = findNextFreeStart(ranges, startsAt, occupiedUntil - startsAt);
	return { outcome: "showtime_clash", with: inTheWay, nextFreeStart };
}
