/** Conditions on the time at which a row was written, for tables whose ids are UUIDv7. */
import { type AnyColumn, gte, lt, type SQL, sql } from "drizzle-orm";
import { firstIdAt } from "./first-id-at.ts";

/** A period: `fromMs` is included, `toMs` is not; both in epoch ms. Undefined: without a bound. */
export type Period = { readonly fromMs?: number | undefined; readonly toMs?: number | undefined };

/**
 * The id of a row carries the time of its insert, and the column may have the start of its transaction. The two differ by less than this,
 * also when the clock of the server is corrected in between.
 */
const ID_OFFSET_MAX_MS = 3_600_000;

/**
 * Returns the conditions that `writtenAt` is in the period. The bounds of `id` make Postgres begin at the right place of the index that also
 * gives the order.
 */
export function writtenWithin(
	{ id, writtenAt }: { readonly id: AnyColumn; readonly writtenAt: AnyColumn },
	{ fromMs, toMs }: Period,
): SQL[] {
	const conditions: SQL[] = [];
	if (fromMs !== undefined) conditions.push(gte(writtenAt, new Date(fromMs)), sql`${id} >= ${firstIdAt(fromMs - ID_OFFSET_MAX_MS)}`);
	if (toMs !== undefined) conditions.push(lt(writtenAt, new Date(toMs)), sql`${id} < ${firstIdAt(toMs + ID_OFFSET_MAX_MS)}`);
	return conditions;
}
