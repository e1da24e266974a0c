/** Finds actions that are not finished. */
import type { ShowtimeId } from "@holdfast/domain";
import { and, eq, inArray, isNull } from "drizzle-orm";
import type { Database, ReadQueries } from "../create-database.ts";
import { readFrom } from "../run-queries.ts";
import { type ActionKind, showtimeActions } from "../schema/index.ts";
import { actionOf, type ShowtimeAction } from "./showtime-action.ts";

/** Returns an open action of one of these kinds at the showtime, or null. */
export async function findOpenAction(
	queries: ReadQueries,
	showtimeId: ShowtimeId,
	kinds: readonly ActionKind[],
): Promise<{ readonly id: string; readonly kind: ActionKind } | null> {
	const [row] = await queries
		.select({ id: showtimeActions.id, kind: showtimeActions.kind })
		.from(showtimeActions)
		.where(and(eq(showtimeActions.showtimeId, showtimeId), inArray(showtimeActions.kind, [...kinds]), isNull(showtimeActions.finishedAt)))
		.limit(1);
	return row ?? null;
}

/** Returns an action, finished or not, or null when there is none with this id. */
export async function findAction(database: Database, id: string): Promise<ShowtimeAction | null> {
	const [row] = await readFrom(database, "administration", (queries) =>
		queries.select().from(showtimeActions).where(eq(showtimeActions.id, id)),
	);
	return row === undefined ? null : actionOf(row);
}
