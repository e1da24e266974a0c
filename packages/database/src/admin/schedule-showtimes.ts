/** Schedules showtimes in one auditorium, one or hundreds: all checks and inserts under the lock of the auditorium. */

import { randomInt } from "node:crypto";
import {
	type AuditoriumId,
	type ExpandedSchedule,
	findShowtimeEnds,
	type MovieId,
	newShowtimeId,
	type PlannedStart,
	type SeatPlanId,
	type ShowtimeId,
	type StaffCommand,
	type TierPrices,
} from "@holdfast/domain";
import type { Queries } from "../create-database.ts";
import { showtimes } from "../schema/index.ts";
import { type ClashingShowtime, findShowtimeClashes, listOccupied, type ShowtimeMinutes } from "./find-clashing-showtimes.ts";
import { lockMovie, lockRoom, type Room } from "./find-room.ts";
import { findTerms, type RoomTerms, type TermsRefusal } from "./find-terms.ts";
import { recordAudit } from "./record-audit.ts";

/** `time_ambiguous`: a clock change repeats the one local time that was asked for. `invalid_schedule`: the request plans no valid schedule. */
export type PlanOutcome = ExpandedSchedule | { readonly outcome: "time_ambiguous"; readonly first: number; readonly second: number };

/** What to schedule. Instants are epoch ms. */
export type ScheduleShowtimes = {
	readonly movieId: MovieId;
	readonly auditoriumId: AuditoriumId;
	/** Null: the current plan of the auditorium. */
	readonly planId: SeatPlanId | null;
	/** Trailers and intervals, in minutes. */
	readonly extraMinutes: number;
	/** In minor units by tier id; null: the default prices of the auditorium. */
	readonly prices: TierPrices | null;
	/** The currencies that the request names. Each must be the auditorium's. */
	readonly currencies: readonly string[];
	/** Labels of seats to keep off sale; null: the default blocks of the auditorium. */
	readonly blocks: readonly string[] | null;
	readonly state: "open" | "paused";
	readonly salesOpenAt: number;
	readonly salesCloseAt: (startsAt: number) => number;
	/** Finds the starts, once the zone of the auditorium is known. Another outcome than `planned` ends the command. */
	readonly plan: (timeZone: string) => PlanOutcome;
	/** `fail`: schedule all or none. `skip`: leave out the starts that cannot be scheduled. */
	readonly onClash: "fail" | "skip";
	/** Judge only; insert nothing. */
	readonly isDryRun: boolean;
	/** The buckets of the system: the ids of new showtimes are spread over them. */
	readonly buckets: number;
};

/** What became of one start. `free`: it can be scheduled, but nothing was inserted. `invalid_window`: sales would close before they open. */
export type JudgedStart = { readonly date: string; readonly time: string } & (
	| { readonly outcome: "scheduled"; readonly startsAt: number; readonly showtimeId: ShowtimeId }
	| { readonly outcome: "free" | "showtime_in_past" | "invalid_window"; readonly startsAt: number }
	| { readonly outcome: "time_skipped"; readonly before: number; readonly after: number }
	| {
			readonly outcome: "showtime_clash";
			readonly startsAt: number;
			readonly with: ClashingShowtime;
			readonly nextFreeStart: number;
	  }
);

/** `unknown_reference`: the movie, auditorium or plan does not exist or is archived; `pointer` names the field. */
export type ScheduleRefusal =
	| { readonly outcome: "unknown_reference"; readonly pointer: string; readonly message: string }
	| TermsRefusal
	| Exclude<PlanOutcome, { readonly outcome: "planned" }>;

/** `judged`: nothing was inserted, because of `fail` or a dry run. `scheduled`: the starts with that outcome were inserted. */
export type ScheduleOutcome =
	| { readonly outcome: "scheduled"; readonly starts: readonly JudgedStart[] }
	| { readonly outcome: "judged"; readonly starts: readonly JudgedStart[] }
	| ScheduleRefusal;

/**
 * Schedules showtimes, with one audit row each, in the transaction of the caller. Commands for one auditorium run one after the other, so
 * each sees what the one before scheduled. The exclusion constraint of the table is the safeguard behind that. A repeat schedules again,
 * and clashes with itself.
 */
export async function scheduleShowtimes(tx: Queries, request: ScheduleShowtimes, command: StaffCommand): Promise<ScheduleOutcome> {
	const { movieId, auditoriumId, extraMinutes, onClash, isDryRun } = request;
	const room = await lockRoom(tx, auditoriumId);
	if (room === null) return unknown("/auditoriumId", "no auditorium with this id is in use");
	const movie = await lockMovie(tx, movieId);
	if (movie === null) return unknown("/movieId", "no movie with this id is in the catalogue");
	const terms = await findTerms(tx, room, request);
	if (terms.outcome !== "found") return terms;
	const planned = request.plan(room.timeZone);
	if (planned.outcome !== "planned") return planned;

	const minutes = { durationMinutes: movie.durationMinutes, extraMinutes, cleaningMinutes: room.cleaningMinutes };
	const starts = await judge(tx, request, planned.starts, { title: movie.title, ...minutes });
	const isRefused = onClash === "fail" && starts.some(({ outcome }) => outcome !== "free");
	if (isDryRun || isRefused) return { outcome: "judged", starts };
	return { outcome: "scheduled", starts: await insertShowtimes(tx, { request, room, terms, minutes, starts }, command) };
}

const unknown = (pointer: string, message: string) => ({ outcome: "unknown_reference", pointer, message }) as const;

type Judging = Pick<ScheduleShowtimes, "auditoriumId" | "salesOpenAt" | "salesCloseAt">;

async function judge(
	tx: Queries,
	{ auditoriumId, salesOpenAt, salesCloseAt }: Judging,
	planned: readonly PlannedStart[],
	movie: ShowtimeMinutes & { readonly title: string },
): Promise<JudgedStart[]> {
	const instants = planned.flatMap((start) => (start.outcome === "starts" ? [start.startsAt] : []));
	const occupied = instants.length === 0 ? [] : await listOccupied(tx, auditoriumId, Math.min(...instants));
	const clashes = findShowtimeClashes(planned, occupied, movie);
	return planned.map((start, index): JudgedStart => {
		if (start.outcome === "time_skipped") return start;
		const { date, time, outcome, startsAt } = start;
		if (outcome === "showtime_in_past") return { date, time, outcome, startsAt };
		const clash = clashes.get(index);
		if (clash !== undefined) return { date, time, startsAt, ...clash };
		return { date, time, outcome: salesCloseAt(startsAt) < salesOpenAt ? "invalid_window" : "free", startsAt };
	});
}

type Insertion = {
	readonly request: ScheduleShowtimes;
	readonly room: Room;
	readonly terms: RoomTerms;
	readonly minutes: ShowtimeMinutes;
	readonly starts: readonly JudgedStart[];
};

async function insertShowtimes(
	tx: Queries,
	{ request, room, terms, minutes, starts }: Insertion,
	command: StaffCommand,
): Promise<JudgedStart[]> {
	const { movieId, state, salesOpenAt, salesCloseAt, buckets } = request;
	const shared = { movieId, auditoriumId: room.id, seatPlanId: terms.planId, prices: terms.prices, currency: room.currency, state };
	const rows: (typeof showtimes.$inferInsert)[] = [];
	const scheduled = starts.map((start): JudgedStart => {
		if (start.outcome !== "free") return start;
		const { startsAt } = start;
		const { endsAt, occupiedUntil } = findShowtimeEnds({ startsAt, ...minutes });
		const id = newShowtimeId(randomInt(buckets));
		rows.push({
			...shared,
			id,
			startsAt: new Date(startsAt),
			endsAt: new Date(endsAt),
			occupiedUntil: new Date(occupiedUntil),
			timeZone: room.timeZone,
			salesOpenAt: new Date(salesOpenAt),
			salesCloseAt: new Date(salesCloseAt(startsAt)),
			blockedSeats: terms.blockedSeats,
		});
		return { date: start.date, time: start.time, outcome: "scheduled", startsAt, showtimeId: id };
	});
	if (rows.length === 0) return scheduled;
	await tx.insert(showtimes).values(rows);
	await recordAudit(
		tx,
		command,
		rows.map(({ id, timeZone: _zone, blockedSeats: _seats, ...fields }) => ({
			action: "showtime.scheduled",
			target: { type: "showtime", id },
			showtimeId: id,
			before: null,
			after: { ...fields, ...(terms.blocks.length > 0 && { blocks: terms.blocks }) },
		})),
	);
	return scheduled;
}
