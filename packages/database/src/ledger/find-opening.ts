/** What is asked before a showtime is opened in the seat store: is there such a one, is it over, which epoch stands. */
import type { ShowtimeId, ShowtimeState } from "@holdfast/domain";
import { eq } from "drizzle-orm";
import type { Database } from "../create-database.ts";
import { readFrom } from "../run-queries.ts";
import { showtimes } from "../schema/index.ts";
import { openedTimeline } from "./opened-timeline.ts";

export type Opening = {
	/** What `openShowtimeInLedger` compares with; 0: never opened. */
	readonly epoch: number;
	readonly state: ShowtimeState;
	/** Epoch ms, as is `endsAt`. */
	readonly startsAt: number;
	readonly endsAt: number;
	/** The bucket's timeline it was last opened under; null: never opened. */
	readonly timeline: number | null;
};

/** What is known of the showtime; or null when there is none. Reads only. */
export async function findOpening(database: Database, id: ShowtimeId): Promise<Opening | null> {
	const { redisEpoch: epoch, state, startsAt, endsAt } = showtimes;
	const [row] = await readFrom(database, "opening", (queries) =>
		queries.select({ epoch, state, startsAt, endsAt, timeline: openedTimeline }).from(showtimes).where(eq(showtimes.id, id)),
	);
	return row === undefined ? null : { ...row, startsAt: row.startsAt.getTime(), endsAt: row.endsAt.getTime() };
}
