/** Checks whether the role that a process connects with could change the audit trail, which the application's role must not. */
import { setTimeout } from "node:timers/promises";
import type { Logger } from "@holdfast/runtime";
import { sql } from "drizzle-orm";
import { APPEND_ONLY_TABLES } from "./append-only-tables.ts";
import { isDatabaseUnavailable } from "./classify-error.ts";
import { createDatabase, type Database } from "./create-database.ts";
import { readFrom } from "./run-queries.ts";

const AUDIT_TABLES = sql.join(
	APPEND_ONLY_TABLES.map((name) => sql`to_regclass(${`public.${name}`})`),
	sql`, `,
);

/** Each way in which a role could change the audit trail, worst first. One role runs all migrations, so `bookings` stands for all tables. */
const RISKS_QUERY = sql`
	select current_user as role, coalesce(array_to_json(array(
		select risk from (values
			(1, 'is a superuser or may become one', exists (
				select from pg_roles
				where (rolsuper or rolname in ('pg_execute_server_program', 'pg_write_server_files')) and pg_has_role(oid, 'MEMBER')
			)),
			(2, 'owns the tables or may become their owner', exists (
				select from pg_class where oid in (to_regclass('public.bookings'), ${AUDIT_TABLES}) and pg_has_role(relowner, 'MEMBER')
			)),
			(3, 'may change or remove rows of the audit trail', exists (
				select from pg_class where oid in (${AUDIT_TABLES})
				and (has_table_privilege(oid, 'UPDATE, DELETE, TRUNCATE, TRIGGER') or has_any_column_privilege(oid, 'UPDATE'))
			)),
			(4, 'may disable triggers', has_parameter_privilege('session_replication_role', 'SET')),
			(5, 'may create functions in the schema that the owner uses', has_schema_privilege('public', 'CREATE'))
		) as checks (place, risk, applies) where applies order by place
	)), '[]') as risks`;

/** What the role of a handle could do to the audit trail. `risks` are ends of a sentence about the role, and empty when it can do nothing. */
export type RoleCheck = { readonly role: string; readonly risks: readonly string[] };

/** Returns the role of this handle and its risks. Throws what `readFrom` throws. Changes nothing. */
export async function checkApplicationRole(database: Database): Promise<RoleCheck> {
	const [found] = await readFrom(database, "upkeep", (queries) => queries.execute<{ role: string; risks: string[] }>(RISKS_QUERY));
	if (found === undefined) throw new Error("the check of the role returned no row");
	return { role: found.role, risks: found.risks };
}

/** Returns a sentence for the operator about a role with risks. */
export function describeRisks({ role, risks }: RoleCheck): string {
	return `The audit trail is not protected from the application: its role ${role} ${risks.join(", ")}. Give DATABASE_URL a role of its own, and DATABASE_OWNER_URL the owner's (docs/operations.md#database-roles).`;
}

/** What `warnOfRisksAtStart` needs. */
export type RoleWarning = { readonly url: string; readonly log: Pick<Logger, "warn"> };

/** The check is repeated this often while Postgres is unreachable. */
const RECHECK_EVERY_MS = 2_000;

/**
 * Logs one warning when the role of `url` could change the audit trail. Never throws: if Postgres does not answer, the process starts, and
 * the check is repeated in the background until it does.
 */
export async function warnOfRisksAtStart({ url, log }: RoleWarning): Promise<void> {
	const database = createDatabase({ url, applicationName: "holdfast-start", poolMax: 1 });
	if (await isChecked()) return database.close();
	void recheck();

	async function recheck(): Promise<void> {
		do await setTimeout(RECHECK_EVERY_MS, undefined, { ref: false });
		while (!(await isChecked()));
		await database.close();
	}

	async function isChecked(): Promise<boolean> {
		try {
			const check = await checkApplicationRole(database);
			if (check.risks.length > 0) log.warn({ ...check, advice: describeRisks(check) }, "audit trail not protected");
		} catch (err) {
			if (isDatabaseUnavailable(err)) return false;
			log.warn({ err }, "role check failed");
		}
		return true;
	}
}
