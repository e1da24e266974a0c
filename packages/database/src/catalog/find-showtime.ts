/** Reads one showtime of the catalogue. */
import type { ShowtimeId } from "@holdfast/domain";
import { eq } from "drizzle-orm";
import type { Database } from "../create-database.ts";
import { readFrom } from "../run-queries.ts";
import { showtimes } from "../schema/index.ts";
import { type Showtime, selectShowtimes, showtimeOf } from "./showtime.ts";

/** Returns the showtime in any state, past or upcoming, or null when it does not exist. */
export async function findShowtime(database: Database, id: ShowtimeId): Promise<Showtime | null> {
	const [row] = await readFrom(database, "catalogue", (queries) => selectShowtimes(queries).where(eq(showtimes.id, id)));
	return row === undefined ? null : showtimeOf(row);
}
