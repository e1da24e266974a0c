/** Turns an instant into a bound of ids, so that a period is found through an index of ids. */
import { type SQL, sql } from "drizzle-orm";

/** Returns the smallest UUIDv7 of this millisecond. */
export function firstIdAt(ms: number): SQL {
	const time = Math.max(0, ms).toString(16).padStart(12, "0");
	return sql`${`${time.slice(0, 8)}-${time.slice(8)}-0000-0000-000000000000`}::uuid`;
}
