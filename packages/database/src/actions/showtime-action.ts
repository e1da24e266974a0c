/** The type of a showtime action, and how its row is read and inserted. */
import type { MovieId, ShowtimeId, StaffCommand } from "@holdfast/domain";
import { assert } from "@holdfast/runtime";
import { sql } from "drizzle-orm";
import type { Queries } from "../create-database.ts";
import { type ActionOutcome, type ArchiveStep, showtimeActions } from "../schema/index.ts";

/** The times of a showtime, epoch ms. */
export type ShowtimeTimes = { readonly startsAt: number; readonly endsAt: number };

/** What an action does. */
export type ActionTask =
	| { readonly kind: "reschedule"; readonly scheduleVersion: number; readonly from: ShowtimeTimes; readonly to: ShowtimeTimes }
	| { readonly kind: "cancel"; readonly ifVersions: readonly number[] | null }
	| {
			readonly kind: "archive";
			readonly movieId: MovieId;
			readonly step: ArchiveStep;
			/** Null until the showtime was looked at. */
			readonly isPausedHere: boolean | null;
			readonly termsVersion: number | null;
			readonly holds: number | null;
			readonly bookings: number | null;
	  };

/** One action. */
export type ShowtimeAction = ActionTask & {
	readonly id: string;
	readonly showtimeId: ShowtimeId;
	readonly command: StaffCommand;
	/** Attempts begun so far, and when the first could begin, epoch ms. */
	readonly tries: number;
	readonly createdAt: number;
	/** Null while the action is not finished. */
	readonly outcome: ActionOutcome | null;
};

/**
 * How long after its start the sweeper leaves an action to the process that started it. That process drives it at once; the sweeper takes
 * over when the process has died.
 */
const OWN_ATTEMPT_MS = 5_000;

/** When the sweeper may take a new action: an SQL expression for `next_try_at`. */
export const firstTryAt = sql`now() + make_interval(secs => ${OWN_ATTEMPT_MS / 1_000})`;

/** Returns the columns that say who gave the command. */
export const commandColumns = ({ actor, reason, requestId }: StaffCommand) => ({ actor, reason, requestId });

type ActionRow = typeof showtimeActions.$inferSelect;

/** Maps a row. Throws when it is incomplete, which the CHECK constraints exclude. */
export function actionOf(row: ActionRow): ShowtimeAction {
	const { id, showtimeId, actor, reason, requestId, tries, outcome } = row;
	const shared = { id, showtimeId, command: { actor, reason, requestId }, tries, outcome, createdAt: row.createdAt.getTime() };
	switch (row.kind) {
		case "reschedule": {
			const { scheduleVersion, fromStartsAt, fromEndsAt, toStartsAt, toEndsAt } = row;
			assert(scheduleVersion !== null && fromStartsAt !== null && fromEndsAt !== null, `action ${id} has no schedule before the move`);
			assert(toStartsAt !== null && toEndsAt !== null, `action ${id} has no schedule after the move`);
			const from = { startsAt: fromStartsAt.getTime(), endsAt: fromEndsAt.getTime() };
			const to = { startsAt: toStartsAt.getTime(), endsAt: toEndsAt.getTime() };
			return { ...shared, kind: "reschedule", scheduleVersion, from, to };
		}
		case "cancel":
			return { ...shared, kind: "cancel", ifVersions: row.ifVersions };
		case "archive": {
			const { movieId, step, isPausedHere, termsVersion, holds, bookings } = row;
			assert(movieId !== null && step !== null, `action ${id} has no movie or no step`);
			return { ...shared, kind: "archive", movieId, step, isPausedHere, termsVersion, holds, bookings };
		}
	}
}

/** Inserts an action and returns its id. Throws when an action of the same kind is open at the showtime: ask `findOpenAction` first. */
export async function insertAction(tx: Queries, values: Omit<typeof showtimeActions.$inferInsert, "nextTryAt">): Promise<string> {
	const [row] = await tx
		.insert(showtimeActions)
		.values({ ...values, nextTryAt: firstTryAt })
		.returning({ id: showtimeActions.id });
	assert(row !== undefined, "the insert of an action returned no row");
	return row.id;
}
