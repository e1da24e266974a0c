/** Adds an auditorium. */
import { newAuditoriumId, type StaffCommand } from "@holdfast/domain";
import type { Database } from "../create-database.ts";
import { writeTo } from "../run-queries.ts";
import { auditoriums } from "../schema/index.ts";
import { type Auditorium, type AuditoriumFields, auditoriumColumnsOf, auditoriumOf } from "./admin-auditorium.ts";
import { knowsTimeZone } from "./knows-time-zone.ts";
import { recordAudit } from "./record-audit.ts";

/** The fields of a new auditorium. Default prices and blocks name parts of a plan, which a new auditorium does not have yet. */
export type NewAuditorium = Omit<AuditoriumFields, "defaultPrices" | "defaultBlocks">;

/**
 * Inserts the auditorium and its audit row, and returns the auditorium at version 1. A second call inserts a second auditorium.
 * `unknown_time_zone`: Postgres does not know the zone; nothing was inserted.
 */
export function createAuditorium(
	database: Database,
	fields: NewAuditorium,
	command: StaffCommand,
): Promise<{ readonly outcome: "created"; readonly row: Auditorium } | { readonly outcome: "unknown_time_zone" }> {
	const id = newAuditoriumId();
	return writeTo(database, "administration", (queries) =>
		queries.transaction(async (tx) => {
			if (!(await knowsTimeZone(tx, fields.timeZone))) return { outcome: "unknown_time_zone" };
			const columns = { ...fields, ...auditoriumColumnsOf(fields) };
			const [row] = await tx
				.insert(auditoriums)
				.values({ id, ...columns })
				.returning();
			if (row === undefined) throw new Error("the insert of an auditorium returned no row");
			await recordAudit(tx, command, [{ action: "auditorium.created", target: { type: "auditorium", id }, before: null, after: fields }]);
			return { outcome: "created", row: auditoriumOf(row) };
		}),
	);
}
