/** The line of history that a showtime was last opened under: what tells whether a loss came after it. */
import { type SQL, sql } from "drizzle-orm";
import { showtimes } from "../schema/index.ts";

/** The line of a bucket that never lost anything. A showtime opened before lines were noted was opened under it. */
const FIRST_LINE = 1;

/** Null: it was never opened. `epoch` is the one before it is opened now. */
export function openedLineOf({ line, epoch }: { line: number | null; epoch: number }): number | null {
	return line ?? (epoch > 0 ? FIRST_LINE : null);
}

/** The same of a row, inside a statement. */
export const openedLine: SQL<number | null> =
	sql`coalesce(${showtimes.line}, case when ${showtimes.redisEpoch} > 0 then ${FIRST_LINE}::integer end)`;
