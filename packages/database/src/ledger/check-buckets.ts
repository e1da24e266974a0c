/** Checks that a process serves every bucket of the ledger. A process with too few buckets would leave the bookings of the others unrecorded. */
import { setTimeout } from "node:timers/promises";
import { sql } from "drizzle-orm";
import { codeOf, isDatabaseUnavailable } from "../classify-error.ts";
import { createDatabase, type Database } from "../create-database.ts";
import { readFrom } from "../run-queries.ts";
import { buckets as bucketRows, showtimes } from "../schema/index.ts";
import { bucketOfShowtime } from "./bucket-of-showtime.ts";

const HIGHEST = sql`
	select greatest(
		(select max(${bucketOfShowtime}) from ${showtimes}),
		(select max(${bucketRows.bucket}) from ${bucketRows})
	) as bucket`;

/** `beyond`: the process must not serve; `reason` is a sentence for the operator. `unknown`: Postgres or its tables are not there yet. */
export type BucketsCheck =
	| { readonly outcome: "served" }
	| { readonly outcome: "beyond"; readonly reason: string }
	| { readonly outcome: "unknown" };

/** The check is repeated this often while Postgres is unreachable. */
const RECHECK_EVERY_MS = 2_000;

/** Compares the highest bucket in the ledger with `buckets`. Reads all showtimes, so call it only when a process starts. */
export async function checkBuckets(database: Database, buckets: number): Promise<BucketsCheck> {
	let highest: number | null;
	try {
		highest = await readHighest(database);
	} catch (error) {
		if (isDatabaseUnavailable(error) || isMissingMigration(error)) return { outcome: "unknown" };
		throw error;
	}
	if (highest === null || highest < buckets) return { outcome: "served" };
	const reason = `The ledger has data of bucket ${highest}, and BUCKETS=${buckets} ends at bucket ${buckets - 1}: set BUCKETS to ${highest + 1} or more for every process, then start again. Nothing was changed.`;
	return { outcome: "beyond", reason };
}

/** What `checkBucketsAtStart` needs. `buckets` is the number that the process serves. */
export type StartCheck = {
	readonly url: string;
	readonly buckets: number;
	/** Called at most once, after the start, when the process turns out to serve too few buckets. */
	readonly onBeyond: (reason: string) => void;
};

/**
 * Returns the reason why the process must not start, or null. If Postgres does not answer, the process may start, and the check is
 * repeated in the background until Postgres answers.
 */
export async function checkBucketsAtStart({ url, buckets, onBeyond }: StartCheck): Promise<string | null> {
	const database = createDatabase({ url, applicationName: "holdfast-start", poolMax: 1 });
	const first = await checkBuckets(database, buckets);
	if (first.outcome === "unknown") void recheck();
	else await database.close();
	return first.outcome === "beyond" ? first.reason : null;

	async function recheck(): Promise<void> {
		let check: BucketsCheck = first;
		while (check.outcome === "unknown") {
			await setTimeout(RECHECK_EVERY_MS, undefined, { ref: false });
			check = await checkBuckets(database, buckets).catch(() => first);
		}
		await database.close();
		if (check.outcome === "beyond") onBeyond(check.reason);
	}
}

async function readHighest(database: Database): Promise<number | null> {
	return readFrom(database, "upkeep", async (queries) => {
		const [found] = await queries.execute<{ bucket: number | null }>(HIGHEST);
		return found?.bucket ?? null;
	});
}

/** The tables do not exist yet, or their rights are not granted yet, which follows right after. */
const isMissingMigration = (error: unknown): boolean => ["42P01", "42501"].includes(codeOf(error) ?? "");
