/** Asks Postgres whether it knows a time zone. */
import { sql } from "drizzle-orm";
import type { Queries } from "../create-database.ts";

/**
 * Returns whether Postgres knows the zone by this name. Lists of showtimes by date compute in the zone of each showtime: one zone that
 * only Node knows would make the whole list fail.
 */
export async function knowsTimeZone(tx: Queries, name: string): Promise<boolean> {
	const [row] = await tx.execute<{ known: boolean }>(sql`select exists (select from pg_timezone_names where name = ${name}) as known`);
	return row?.known === true;
}
