/** Compares the audit trail with the digests of its closed days. */
import { asc, sql } from "drizzle-orm";
import type { Database } from "../create-database.ts";
import { readFrom } from "../run-queries.ts";
import { auditDigests, auditEvents } from "../schema/index.ts";
import { type AuditDigest, digestAuditDay, startOfDay } from "./audit-digest.ts";

/**
 * `same`: the rows of the day have the digest that was stored. `differs`: they do not; `found` is their digest now. `not_closed`: the day
 * lies between closed days and has no digest. `too_early`: rows whose day is before the first closed day, `found.day`.
 */
export type AuditDayCheck =
	| { readonly outcome: "same"; readonly stored: AuditDigest }
	| { readonly outcome: "differs"; readonly stored: AuditDigest; readonly found: AuditDigest }
	| { readonly outcome: "not_closed"; readonly found: AuditDigest }
	| { readonly outcome: "too_early"; readonly count: number; readonly firstDay: string };

/** Checks one day after the other, oldest first. Takes seconds for a million rows. Changes nothing. */
export async function* verifyAuditTrail(database: Database): AsyncGenerator<AuditDayCheck> {
	const digests = await listAuditDigests(database);
	const [first] = digests;
	if (first === undefined) return;
	const count = await countRowsBefore(database, first.day);
	if (count > 0) yield { outcome: "too_early", count, firstDay: first.day };
	let expected = first.day;
	for (const stored of digests) {
		for (; expected < stored.day; expected = dayAfter(expected))
			yield { outcome: "not_closed", found: await digestAuditDay(database, expected) };
		const found = await digestAuditDay(database, stored.day);
		const isSame = found.count === stored.count && found.sha256 === stored.sha256;
		yield isSame ? { outcome: "same", stored } : { outcome: "differs", stored, found };
		expected = dayAfter(stored.day);
	}
}

function listAuditDigests(database: Database): Promise<AuditDigest[]> {
	const { day, count, sha256 } = auditDigests;
	return readFrom(database, "upkeep", (queries) => queries.select({ day, count, sha256 }).from(auditDigests).orderBy(asc(day)));
}

async function countRowsBefore(database: Database, day: string): Promise<number> {
	const [row] = await readFrom(database, "upkeep", (queries) =>
		queries.execute<{ count: number }>(sql`select count(*)::integer as count from ${auditEvents} where recorded_at < ${startOfDay(day)}`),
	);
	return row?.count ?? 0;
}

const dayAfter = (day: string): string => new Date(Date.parse(day) + 86_400_000).toISOString().slice(0, 10);
