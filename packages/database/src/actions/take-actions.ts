/** Takes actions that have to be driven on, and reports those that are not finished. */
import { CANCEL_TTL_MS, type MovieId } from "@holdfast/domain";
import { and, asc, count, eq, inArray, isNull, lte, type SQL, sql } from "drizzle-orm";
import type { Database } from "../create-database.ts";
import { readFrom, writeTo } from "../run-queries.ts";
import { type ActionOutcome, showtimeActions } from "../schema/index.ts";
import { actionOf, type ShowtimeAction } from "./showtime-action.ts";

/** The longest pause between two attempts of one action, in seconds. The pause doubles from 1 s. */
export const ACTION_RETRY_MAX_S = 60;

/** What a new attempt writes: the next one is due when this one has failed or its process has died. */
const attempt = {
	tries: sql`${showtimeActions.tries} + 1`,
	nextTryAt: sql`now() + make_interval(secs => least(${ACTION_RETRY_MAX_S}, power(2, least(${showtimeActions.tries}, 10))))`,
};

const isOpen = isNull(showtimeActions.finishedAt);

/** Begins an attempt of the action now and returns it, or null when it is finished or another process is just taking it. */
export async function takeAction(database: Database, id: string): Promise<ShowtimeAction | null> {
	const [action] = await take(database, and(isOpen, eq(showtimeActions.id, id)), 1);
	return action ?? null;
}

/** Begins an attempt of the actions that are due, the longest due first, at most `limit`. Another process does not get the same ones. */
export function takeDueActions(database: Database, limit: number): Promise<ShowtimeAction[]> {
	return take(database, and(isOpen, lte(showtimeActions.nextTryAt, sql`now()`)), limit);
}

/** No transaction stays open while the seat store is asked: the row is free again when this returns. */
async function take(database: Database, condition: SQL | undefined, limit: number): Promise<ShowtimeAction[]> {
	const rows = await writeTo(database, "administration", (queries) => {
		const taken = queries
			.select({ id: showtimeActions.id })
			.from(showtimeActions)
			.where(condition)
			.orderBy(asc(showtimeActions.nextTryAt), asc(showtimeActions.id))
			.limit(limit)
			.for("no key update", { skipLocked: true });
		return queries.update(showtimeActions).set(attempt).where(inArray(showtimeActions.id, taken)).returning();
	});
	return rows.map(actionOf);
}

/** Notes why an attempt got no further; null: it did. A finished action stays as it is. */
export async function noteAttempt(database: Database, id: string, lastError: string | null): Promise<void> {
	await writeTo(database, "administration", (queries) =>
		queries
			.update(showtimeActions)
			.set({ lastError: lastError?.slice(0, ERROR_MAX_CHARS) ?? null })
			.where(and(eq(showtimeActions.id, id), isOpen)),
	);
}

const ERROR_MAX_CHARS = 1_000;

/** Finishes an action that the seat store has refused for good, or that has nothing left to do. Safe to repeat. */
export async function finishAction(database: Database, id: string, outcome: ActionOutcome): Promise<void> {
	await writeTo(database, "administration", (queries) =>
		queries
			.update(showtimeActions)
			.set({ finishedAt: sql`now()`, outcome, lastError: null })
			.where(and(eq(showtimeActions.id, id), isOpen)),
	);
}

/**
 * Finishes the action if its showtime ended more than `CANCEL_TTL_MS` ago, and returns whether it did. The seat store has closed such a
 * showtime for good, so no attempt can succeed.
 */
export async function finishIfOver(database: Database, id: string): Promise<boolean> {
	const finished = await writeTo(database, "administration", (queries) =>
		queries.execute(sql`
			update showtime_actions set finished_at = now(), outcome = 'showtime_closed', last_error = null
			from showtimes
			where showtime_actions.id = ${id} and finished_at is null and showtimes.id = showtime_id
				and ends_at < now() - make_interval(secs => ${CANCEL_TTL_MS / 1_000})`),
	);
	return finished.count > 0;
}

/**
 * Finishes the reschedule or cancel if the ledger has the event that carries it out, and returns its outcome, or null while it is open.
 * Settling finishes it in the same transaction as the event; this is for a row that was locked then.
 */
export async function finishIfSettled(database: Database, id: string): Promise<ActionOutcome | null> {
	const [row] = await writeTo(database, "administration", (queries) =>
		queries.execute<{ outcome: ActionOutcome | null }>(sql`
			with settled as (
				update showtime_actions set finished_at = now(), outcome = 'done', last_error = null
				where id = ${id} and finished_at is null and case kind
					when 'cancel' then exists (select from showtimes where id = showtime_id and state = 'cancelled')
					when 'reschedule' then exists (
						select from showtime_events events
						where events.showtime_id = showtime_actions.showtime_id and events.type = 'showtime.rescheduled'
							and events.schedule_version >= showtime_actions.schedule_version)
					else false end
				returning outcome
			)
			select coalesce((select outcome from settled), outcome) as outcome from showtime_actions where id = ${id}`),
	);
	return row?.outcome ?? null;
}

/** An action is an alarm when it is open for longer. A first attempt and settling take less than a second. */
export const ACTION_UNFINISHED_MS = 10_000;

const isOpenFor = (ms: number) => and(isOpen, sql`${showtimeActions.createdAt} < now() - make_interval(secs => ${ms / 1_000})`);

/** Returns how many actions are open for longer than `olderThanMs`. Each is a change that one store has and the other lacks. */
export async function countUnfinishedActions(database: Database, olderThanMs: number = ACTION_UNFINISHED_MS): Promise<number> {
	const [row] = await readFrom(database, "administration", (queries) =>
		queries.select({ count: count() }).from(showtimeActions).where(isOpenFor(olderThanMs)),
	);
	return row?.count ?? 0;
}

/** An action that is open for longer than `ACTION_UNFINISHED_MS`. */
export type UnfinishedAction = Pick<ShowtimeAction, "id" | "showtimeId" | "kind" | "command" | "tries" | "createdAt"> & {
	/** Of an archive: the movie; else null. */
	readonly movieId: MovieId | null;
	/** When the sweeper tries next, epoch ms. */
	readonly nextTryAt: number;
	/** Why the last attempt got no further. For operators only: it may quote a statement. */
	readonly lastError: string | null;
};

/** Returns the actions that `countUnfinishedActions` counts, the oldest first, at most `limit`. */
export async function listUnfinishedActions(database: Database, { limit }: { readonly limit: number }): Promise<UnfinishedAction[]> {
	const rows = await readFrom(database, "administration", (queries) =>
		queries
			.select()
			.from(showtimeActions)
			.where(isOpenFor(ACTION_UNFINISHED_MS))
			.orderBy(asc(showtimeActions.createdAt), asc(showtimeActions.id))
			.limit(limit),
	);
	return rows.map((row) => {
		const { id, showtimeId, kind, command, tries, createdAt } = actionOf(row);
		const nextTryAt = row.nextTryAt.getTime();
		return { id, showtimeId, kind, command, tries, createdAt, movieId: row.movieId, nextTryAt, lastError: row.lastError };
	});
}
