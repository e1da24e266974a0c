/** What is asked before a showtime is opened in the seat store: is there such a one, is it over, which epoch stands. */
import type { ShowtimeId, ShowtimeState } from "@holdfast/domain";
import { eq } from "drizzle-orm";
import type { Database } from "../create-database.ts";
import { showtimes } from "../schema/index.ts";

/** `epoch` is what `openShowtimeInLedger` compares with; `endsAt` is epoch ms. */
export type Opening = { readonly epoch: number; readonly state: ShowtimeState; readonly endsAt: number };

/** The showtime's epoch, state and end; or null when there is none. Reads only. */
export async function findOpening(database: Database, id: ShowtimeId): Promise<Opening | null> {
	const [row] = await database.run((queries) =>
		queries
			.select({ epoch: showtimes.redisEpoch, state: showtimes.state, endsAt: showtimes.endsAt })
			.from(showtimes)
			.where(eq(showtimes.id, id)),
	);
	return row === undefined ? null : { epoch: row.epoch, state: row.state, endsAt: row.endsAt.getTime() };
}
