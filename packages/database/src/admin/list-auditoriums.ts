/** Lists and reads auditoriums, archived ones included. */
import { type AuditoriumId, parseAuditoriumId } from "@holdfast/domain";
import { and, asc, eq, isNotNull, isNull, type SQL, sql } from "drizzle-orm";
import type { Database } from "../create-database.ts";
import { type PageOutcome, type PageRequest, pageOf, parseCursor } from "../read-page.ts";
import { readFrom } from "../run-queries.ts";
import { auditoriums } from "../schema/index.ts";
import { type Auditorium, auditoriumOf } from "./admin-auditorium.ts";

/** Selects auditoriums. `archived`: only archived auditoriums, or only those that are not; absent: both. */
export type ListAuditoriumsRequest = PageRequest & { readonly archived?: boolean | undefined };

/** Returns a page of auditoriums by name, or `bad_cursor`. Changes nothing. */
export async function listAuditoriums(database: Database, request: ListAuditoriumsRequest): Promise<PageOutcome<Auditorium>> {
	const { limit, archived, cursor } = request;
	const conditions: SQL[] = [];
	if (archived !== undefined) conditions.push(archived ? isNotNull(auditoriums.archivedAt) : isNull(auditoriums.archivedAt));
	if (cursor !== undefined) {
		const after = parseCursor(cursor, parseAuditoriumId, () => true);
		if (after === null) return { outcome: "bad_cursor" };
		conditions.push(sql`(${auditoriums.name}, ${auditoriums.id}) > (${after.key}, ${after.id}::uuid)`);
	}
	const rows = await readFrom(database, "administration", (queries) =>
		queries
			.select()
			.from(auditoriums)
			.where(and(...conditions))
			.orderBy(asc(auditoriums.name), asc(auditoriums.id))
			.limit(limit + 1),
	);
	return pageOf(rows.map(auditoriumOf), limit, ({ name, id }) => ({ key: name, id }));
}

/** Returns the auditorium, also when it is archived, or null when it does not exist. */
export async function findAuditorium(database: Database, id: AuditoriumId): Promise<Auditorium | null> {
	const [row] = await readFrom(database, "administration", (queries) => queries.select().from(auditoriums).where(eq(auditoriums.id, id)));
	return row === undefined ? null : auditoriumOf(row);
}
