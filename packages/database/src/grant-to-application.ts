/**
 * Makes the role of the application and gives it what API, sweeper and commands need. It owns nothing, so it can neither change the schema
 * nor disable a trigger: docs/adr/0015. The owner runs this with the migrations, at each run, so that a new table is never forgotten.
 */
import postgres from "postgres";
import { APPEND_ONLY_TABLES } from "./append-only-tables.ts";

/** SQLSTATEs of a role that another session created at the same moment: roles are shared by all databases of a server. */
const ALREADY_CREATED = ["42710", "23505"];

/** Thrown when the role of DATABASE_URL does not exist and must be created by hand. The message says how. */
export class ApplicationRoleMissing extends Error {
	override readonly name = "ApplicationRoleMissing";
	constructor(role: string, reason: string) {
		super(
			`The role ${role} of DATABASE_URL does not exist, and ${reason}. Nothing was changed. Create the role, then run this again: CREATE ROLE "${role}" LOGIN PASSWORD '...';`,
		);
	}
}

/** Returns the name of the role that connects with this URL. Does not connect. */
export function roleOf(url: string): string {
	return postgres(url).options.user;
}

/**
 * Creates the role of `url` as one that may log in and nothing else, unless it exists. Throws `ApplicationRoleMissing` when the owner may
 * not create roles, and when `url` has a password: a statement with a password could end up in a log of the server.
 */
export async function createApplicationRole(owner: postgres.Sql, url: string): Promise<void> {
	// The driver's types say that the password is always null.
	const { user: role, pass } = postgres(url).options;
	const [found] = await owner<{ exists: boolean; may_create: boolean }[]>`
		select exists (select from pg_roles where rolname = ${role}), rolsuper or rolcreaterole as may_create
		from pg_roles where rolname = current_user`;
	if (found?.exists === true) return;
	if (pass) throw new ApplicationRoleMissing(role, "a role with a password is not created here");
	if (found?.may_create !== true) throw new ApplicationRoleMissing(role, "the role of DATABASE_OWNER_URL may not create it");
	try {
		await owner`create role ${owner(role)} login`;
	} catch (error) {
		if (!(error instanceof postgres.PostgresError && ALREADY_CREATED.includes(error.code))) throw error;
	}
}

/**
 * Gives `role` its rights on the owner's tables and sequences, and takes away all others that it has there. Rows of `APPEND_ONLY_TABLES` it
 * may read and add. One transaction: a running application never lacks a right that it keeps. Safe to call twice. Functions need no grant,
 * since every role may execute them; the tables of extensions are left as they are.
 */
export async function grantToApplication(owner: postgres.Sql, role: string): Promise<void> {
	await owner.begin(async (tx) => {
		const statements = await tx<{ statement: string }[]>`
			with owned as (
				select
					case relkind when 'S' then 'sequence' else 'table' end as kind,
					pg_class.oid::regclass as name,
					case
						when nspname = 'drizzle' then 'select'
						when relkind = 'S' then 'usage'
						when relname = any(${APPEND_ONLY_TABLES}) then 'select, insert'
						else 'select, insert, update, delete'
					end as rights,
					case when nspname = 'public' and relname = any(${APPEND_ONLY_TABLES}) then 'public, ' else '' end as others
				from pg_class join pg_namespace on pg_namespace.oid = relnamespace
				where nspname in ('public', 'drizzle') and relkind in ('r', 'p', 'S')
					and pg_has_role(relowner, 'USAGE')
					and not exists (select from pg_depend where classid = 'pg_class'::regclass and objid = pg_class.oid and deptype = 'e')
			)
			select format('grant connect on database %I to %I', current_database(), ${role}::text) as statement
				where not has_database_privilege(${role}, current_database(), 'CONNECT')
			union all select format('revoke create on schema public from public, %I', ${role}::text) where has_schema_privilege(${role}, 'public', 'CREATE')
			union all select format('grant usage on schema %I to %I', nspname, ${role}::text)
				from pg_namespace where nspname in ('public', 'drizzle') and not has_schema_privilege(${role}, oid, 'USAGE')
			union all
			select format('revoke all on %1$s %2$s from %3$s%5$I; grant %4$s on %1$s %2$s to %5$I', kind, name, others, rights, ${role}::text)
				from owned`;
		for (const { statement } of statements) await tx.unsafe(statement);
	});
}
