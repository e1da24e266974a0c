/** The steps of archiving a movie that happen in the ledger. The steps in the seat store come between: `packages/showtime-actions`. */
import type { MovieId } from "@holdfast/domain";
import { and, asc, eq, inArray, isNull, sql } from "drizzle-orm";
import { STAFF_DEADLINE_MS } from "../admin/staff-deadline.ts";
import type { Database, Queries, ReadQueries } from "../create-database.ts";
import { readFrom, writeTo } from "../run-queries.ts";
import { movies, showtimeActions, showtimes } from "../schema/index.ts";
import { actionOf, type ShowtimeAction } from "./showtime-action.ts";
import { addActions, archiveMovie, lockMovieRow } from "./start-archive.ts";

/** The part of an archive that concerns one showtime. */
export type ArchiveAction = Extract<ShowtimeAction, { kind: "archive" }>;

const isOpen = (movieId: MovieId) => and(eq(showtimeActions.movieId, movieId), isNull(showtimeActions.finishedAt));

/** Returns the open actions of the movie's archive, by showtime. */
export function listArchiveActions(database: Database, movieId: MovieId): Promise<ArchiveAction[]> {
	return readFrom(database, "administration", (queries) => listOpen(queries, movieId), STAFF_DEADLINE_MS);
}

async function listOpen(queries: ReadQueries, movieId: MovieId): Promise<ArchiveAction[]> {
	const rows = await queries.select().from(showtimeActions).where(isOpen(movieId)).orderBy(asc(showtimeActions.showtimeId));
	return rows.map(actionOf).flatMap((action) => (action.kind === "archive" ? action : []));
}

/** What is noted of one action; an absent field stays. */
export type ArchiveNote = {
	readonly step?: "pause" | "count";
	readonly isPausedHere?: boolean;
	readonly termsVersion?: number;
	readonly counts?: { readonly holds: number; readonly bookings: number } | null;
};

/** Notes progress of an action that is still at the step `at`; otherwise changes nothing. Safe to repeat. */
export async function noteArchive(database: Database, { id, step: at }: ArchiveAction, { counts, ...note }: ArchiveNote): Promise<void> {
	const columns = { ...note, ...(counts !== undefined && { holds: counts?.holds ?? null, bookings: counts?.bookings ?? null }) };
	await writeTo(database, "administration", (queries) =>
		queries
			.update(showtimeActions)
			.set(columns)
			.where(and(eq(showtimeActions.id, id), eq(showtimeActions.step, at), isNull(showtimeActions.finishedAt))),
	);
}

/**
 * Decides once every showtime was counted: `cancel` when none has a hold or a sale, else `reopen`. `undecided`: some are not counted, or
 * showtimes were scheduled since. A decision to cancel is taken back when a showtime that was changed since turns out to have buyers.
 */
export function decideArchive(database: Database, movieId: MovieId): Promise<"cancel" | "reopen" | "undecided"> {
	const decide = async (tx: Queries): Promise<"cancel" | "reopen" | "undecided"> => {
		await lockMovieRow(tx, movieId);
		const actions = await listOpen(tx, movieId);
		const [first] = actions;
		if (first === undefined || (await addActions(tx, movieId, first.command)) > 0) return "undecided";
		const isUncounted = ({ step, holds }: ArchiveAction) => step === "pause" || (step === "count" && holds === null);
		if (actions.some(({ step }) => step === "reopen")) return setStep(tx, movieId, "reopen");
		if (actions.some(isUncounted)) return "undecided";
		const hasBuyers = actions.some(({ step, holds, bookings }) => step === "count" && (holds ?? 0) + (bookings ?? 0) > 0);
		return setStep(tx, movieId, hasBuyers ? "reopen" : "cancel");
	};
	return writeTo(database, "administration", (queries) => queries.transaction(decide), STAFF_DEADLINE_MS);
}

async function setStep<Step extends "cancel" | "reopen">(tx: Queries, movieId: MovieId, step: Step): Promise<Step> {
	await tx.update(showtimeActions).set({ step }).where(isOpen(movieId));
	return step;
}

/**
 * Archives the movie, with its audit row, and finishes its actions, once the ledger has every one of its showtimes as cancelled. False: not
 * yet, or a showtime was scheduled since. Safe to repeat.
 */
export function concludeArchive(database: Database, movieId: MovieId): Promise<boolean> {
	const conclude = async (tx: Queries): Promise<boolean> => {
		const movie = await lockMovieRow(tx, movieId);
		const actions = await listOpen(tx, movieId);
		const [first] = actions;
		if (movie === null || first === undefined || actions.some(({ step }) => step !== "cancel")) return false;
		const ids = actions.map(({ showtimeId }) => showtimeId);
		const [left] = await tx
			.select({ id: showtimes.id })
			.from(showtimes)
			.where(and(inArray(showtimes.id, ids), sql`${showtimes.state} <> 'cancelled'`))
			.limit(1);
		if (left !== undefined || (await addActions(tx, movieId, first.command)) > 0) return false;
		if (movie.archivedAt === null) await archiveMovie(tx, movie, first.command);
		const finished = { finishedAt: sql`now()`, outcome: "done", lastError: null } as const;
		await tx.update(showtimeActions).set(finished).where(isOpen(movieId));
		return true;
	};
	return writeTo(database, "administration", (queries) => queries.transaction(conclude), STAFF_DEADLINE_MS);
}

/** What became of the latest archive of a movie: `has_bookings` with what its showtimes have together. */
export type ArchiveResult =
	| { readonly outcome: "archived" | "pending" }
	| { readonly outcome: "has_bookings"; readonly showtimes: number; readonly holds: number; readonly bookings: number };

/** Returns what became of the latest archive. `showtimes`: those with a hold or a sale. */
export async function findArchiveResult(database: Database, movieId: MovieId): Promise<ArchiveResult> {
	const read = async (queries: ReadQueries): Promise<ArchiveResult> => {
		const [open] = await queries.select({ id: showtimeActions.id }).from(showtimeActions).where(isOpen(movieId)).limit(1);
		if (open !== undefined) return { outcome: "pending" };
		const [movie] = await queries.select({ archivedAt: movies.archivedAt }).from(movies).where(eq(movies.id, movieId));
		if (movie !== undefined && movie.archivedAt !== null) return { outcome: "archived" };
		const [counts] = await queries.execute<{ showtimes: number; holds: number; bookings: number }>(sql`
			select count(*) filter (where holds + bookings > 0)::int as showtimes,
				coalesce(sum(holds), 0)::int as holds, coalesce(sum(bookings), 0)::int as bookings
			from showtime_actions
			where movie_id = ${movieId} and request_id = (
				select request_id from showtime_actions where movie_id = ${movieId} order by created_at desc, id desc limit 1)`);
		// Without any, its last showtimes ended meanwhile; the next request archives the movie.
		return counts === undefined || counts.showtimes === 0 ? { outcome: "pending" } : { outcome: "has_bookings", ...counts };
	};
	return readFrom(database, "administration", read, STAFF_DEADLINE_MS);
}
