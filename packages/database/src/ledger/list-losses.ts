/** Lists proven losses of the seat store's history. */
import { count, desc, gte, sql } from "drizzle-orm";
import type { Database } from "../create-database.ts";
import { readFrom } from "../run-queries.ts";
import { losses } from "../schema/index.ts";

/** A loss is an alarm for this long. It stays in the table after that. */
export const LOSS_ALARM_DAYS = 30;

/** A proven loss: events of a bucket that the seat store no longer had. How many they were cannot be known. */
export type Loss = {
	readonly bucket: number;
	/** The timeline that started with the loss. */
	readonly timeline: number;
	/** The number of the last event that the ledger has of the timeline before; 0 when it has none. */
	readonly lastSeq: number;
	/** When that event was settled, epoch ms; null when the ledger has none. */
	readonly lastRecordedAt: number | null;
	/** Epoch ms. */
	readonly foundAt: number;
};

const isRecent = gte(losses.foundAt, sql`now() - make_interval(days => ${LOSS_ALARM_DAYS})`);

/** Returns how many losses were found within `LOSS_ALARM_DAYS`. */
export async function countLosses(database: Database): Promise<number> {
	const [row] = await readFrom(database, "administration", (queries) => queries.select({ count: count() }).from(losses).where(isRecent));
	return row?.count ?? 0;
}

/** Returns these losses, the newest first, at most `limit`. */
export async function listLosses(database: Database, { limit }: { readonly limit: number }): Promise<Loss[]> {
	const rows = await readFrom(database, "administration", (queries) =>
		queries.select().from(losses).where(isRecent).orderBy(desc(losses.foundAt), desc(losses.bucket), desc(losses.timeline)).limit(limit),
	);
	return rows.map((row) => ({ ...row, lastRecordedAt: row.lastRecordedAt?.getTime() ?? null, foundAt: row.foundAt.getTime() }));
}
