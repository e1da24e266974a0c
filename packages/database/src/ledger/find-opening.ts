/** Reads what a process must know before it opens a showtime in the seat store: whether it exists, when it ends, and its current epoch. */
import type { ShowtimeId, ShowtimeState } from "@holdfast/domain";
import { eq } from "drizzle-orm";
import type { Database } from "../create-database.ts";
import { readFrom } from "../run-queries.ts";
import { showtimes } from "../schema/index.ts";
import { openedTimeline } from "./opened-timeline.ts";

/** The state of a showtime before it is opened. */
export type Opening = {
	/** The current epoch, for `seenEpoch` of `openShowtimeInLedger`; 0 when the showtime was never opened. */
	readonly epoch: number;
	readonly state: ShowtimeState;
	/** Epoch ms, like `endsAt`. */
	readonly startsAt: number;
	readonly endsAt: number;
	/** The timeline of the bucket when the showtime was last opened; null when it was never opened. */
	readonly timeline: number | null;
};

/** Returns the state of the showtime, or null when it does not exist. Changes nothing. */
export async function findOpening(database: Database, id: ShowtimeId): Promise<Opening | null> {
	const { redisEpoch: epoch, state, startsAt, endsAt } = showtimes;
	const [row] = await readFrom(database, "opening", (queries) =>
		queries.select({ epoch, state, startsAt, endsAt, timeline: openedTimeline }).from(showtimes).where(eq(showtimes.id, id)),
	);
	return row === undefined ? null : { ...row, startsAt: row.startsAt.getTime(), endsAt: row.endsAt.getTime() };
}
