import { queryPostgres } from "@holdfast/local-stack";
import { APPLICATION_ROLE, createTestDatabase, type TestDatabase } from "@holdfast/testing";
import postgres from "postgres";
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import { APPEND_ONLY_TABLES } from "./append-only-tables.ts";
import { codeOf } from "./classify-error.ts";
import { createApplicationRole, grantToApplication } from "./grant-to-application.ts";
import { migrateDatabase } from "./migrate-database.ts";

const REFUSED = "42501";
const adminUrl = inject("postgresUrl");
const urlOf = (database: string, user: string, password = "") => {
	const url = new URL(adminUrl);
	[url.pathname, url.username, url.password] = [`/${database}`, user, password];
	return url.href;
};
const admin = (statement: string) => queryPostgres(adminUrl, statement);
const codeFrom = (url: string, statement: string) =>
	queryPostgres(url, statement).then(
		() => "accepted",
		(error: unknown) => codeOf(error) ?? String(error),
	);

describe("the role of the application, on a database with an audit trail", () => {
	const name = `grants_${process.pid}`;
	const ownerUrl = urlOf(name, new URL(adminUrl).username);
	const url = urlOf(name, APPLICATION_ROLE);
	const grant = async () => {
		const owner = postgres(ownerUrl, { max: 1, onnotice: () => {} });
		await grantToApplication(owner, APPLICATION_ROLE).finally(() => owner.end());
	};

	beforeAll(async () => {
		await admin(`create database ${name}`);
		// Not migrated: these tables stand for those of the schema, whatever their columns are.
		await queryPostgres(
			ownerUrl,
			`create table bookings (id serial primary key, state text);
			 create schema drizzle;
			 create table drizzle.__drizzle_migrations (id serial primary key, hash text);
			 ${APPEND_ONLY_TABLES.map((table) => `create table ${table} (id serial primary key, action text); insert into ${table} (action) values ('kept');`).join("\n")}
			 create function refuse() returns trigger language plpgsql as $$ begin raise exception 'append-only'; end $$;
			 create trigger append_only before update or delete or truncate on audit_events for each statement execute function refuse();
			 grant all on audit_events to ${APPLICATION_ROLE}; grant update (action) on audit_digests to public; grant create on schema public to public`,
		);
		await grant();
	});
	afterAll(() => admin(`drop database if exists ${name} with (force)`));

	it.each(APPEND_ONLY_TABLES)("reads %s and adds rows to it", async (table) => {
		await queryPostgres(url, `insert into ${table} (action) values ('added') on conflict do nothing returning id`);
		expect(await queryPostgres(url, `select action from ${table} order by id limit 2`)).toEqual([{ action: "kept" }, { action: "added" }]);
	});

	it.each(
		APPEND_ONLY_TABLES.flatMap((table) => [
			`update ${table} set action = 'changed'`,
			`update ${table} set action = 'changed' where false`,
			`insert into ${table} values (1, 'changed') on conflict (id) do update set action = 'changed'`,
			`merge into ${table} t using (values (1)) v (id) on t.id = v.id when matched then update set action = 'changed'`,
			`delete from ${table}`,
			`truncate ${table}`,
			`truncate bookings, ${table}`,
			`drop table ${table}`,
			`alter table ${table} disable trigger all`,
			`alter table ${table} disable trigger user`,
			`alter table ${table} rename to other`,
			`alter table ${table} owner to ${APPLICATION_ROLE}`,
			`create trigger undo before insert on ${table} for each row execute function suppress_redundant_updates_trigger()`,
			`create rule undo as on insert to ${table} do instead nothing`,
			`begin; lock table ${table} in exclusive mode`,
			`select 1 from ${table} for update`,
			`copy ${table} from program 'true'`,
		]),
	)("is refused when it runs %s", async (statement) => {
		expect(await codeFrom(url, statement)).toBe(REFUSED);
	});

	it.each([
		"drop trigger append_only on audit_events",
		"set session_replication_role = replica",
		"select set_config('session_replication_role', 'replica', false)",
		`alter role ${APPLICATION_ROLE} set session_replication_role = replica`,
		`alter role ${APPLICATION_ROLE} superuser`,
		"create or replace function refuse() returns trigger language plpgsql as $$ begin return null; end $$",
		"create function public.digest() returns int language sql as 'select 1'",
		"create table public.other (id int)",
		"create schema other",
		"create extension pg_trgm",
		"create role other",
		`grant ${new URL(adminUrl).username} to ${APPLICATION_ROLE}`,
		`set role ${new URL(adminUrl).username}`,
		`set session authorization ${new URL(adminUrl).username}`,
		"alter system set fsync = off",
		"update drizzle.__drizzle_migrations set hash = ''",
		"truncate bookings",
		"select setval('bookings_id_seq', 1)",
	])("finds no other way to change the trail: %s", async (statement) => {
		expect(await codeFrom(url, statement)).toBe(REFUSED);
	});

	it("gains nothing by granting itself a right", async () => {
		await codeFrom(url, `grant update on audit_events to ${APPLICATION_ROLE}`);
		expect(await codeFrom(url, "update audit_events set action = 'changed'")).toBe(REFUSED);
	});

	it("has the rights on a new table after the next grant, and keeps the others", async () => {
		await queryPostgres(ownerUrl, "create table later (id serial primary key)");
		expect(await codeFrom(url, "insert into later default values")).toBe(REFUSED);
		await grant();
		await grant();
		for (const statement of ["insert into later default values", "update later set id = 7", "delete from later"])
			expect(await codeFrom(url, statement)).toBe("accepted");
		expect(await codeFrom(url, "insert into bookings (state) values ('x'); update bookings set state = 'y'; delete from bookings")).toBe(
			"accepted",
		);
		expect(await codeFrom(url, "select hash from drizzle.__drizzle_migrations")).toBe("accepted");
		expect(await codeFrom(url, "delete from audit_events")).toBe(REFUSED);
	});

	it("leaves an audit trail that holds every row that was ever added", async () => {
		const [trail] = await queryPostgres(ownerUrl, "select count(*) filter (where action = 'kept') as kept from audit_events");
		expect(trail).toEqual({ kept: "1" });
	});
});

describe("the role of the application, on a migrated database", () => {
	let test: TestDatabase;
	beforeAll(async () => {
		test = await createTestDatabase();
	});
	afterAll(() => test.drop());

	it("reads and writes every table and no more, and of the audit trail it reads and adds rows", async () => {
		const rights = ["SELECT", "INSERT", "UPDATE", "DELETE", "TRUNCATE", "REFERENCES", "TRIGGER", "MAINTAIN"];
		const found = await queryPostgres(
			test.url,
			`select relname, string_agg(name, ',' order by place) as rights
			 from pg_class, unnest(array[${rights.map((right) => `'${right}'`)}]) with ordinality as names (name, place)
			 where relnamespace = 'public'::regnamespace and relkind in ('r', 'p') and has_table_privilege(oid, name) group by relname`,
		);
		const tables = await queryPostgres(test.ownerUrl, "select tablename from pg_tables where schemaname = 'public'");
		const expected = tables.map(({ tablename }) => ({
			relname: tablename,
			rights: APPEND_ONLY_TABLES.includes(String(tablename)) ? "SELECT,INSERT" : "SELECT,INSERT,UPDATE,DELETE",
		}));
		const byName = (rows: object[]) => rows.map((row) => JSON.stringify(row)).sort();
		expect(expected.length).toBeGreaterThan(10);
		expect(byName(found)).toEqual(byName(expected));
	});

	it("has no attribute, owns nothing and is a member of no role", async () => {
		const [role] = await queryPostgres(
			test.url,
			`select rolsuper or rolcreatedb or rolcreaterole or rolreplication or rolbypassrls as powers,
			 exists (select from pg_auth_members where member = pg_roles.oid) as member,
			 exists (select from pg_shdepend where refclassid = 'pg_authid'::regclass and refobjid = pg_roles.oid and deptype = 'o') as owner
			 from pg_roles where rolname = current_user`,
		);
		expect(role).toEqual({ powers: "f", member: "f", owner: "f" });
	});
});

describe("migrateDatabase with two roles", () => {
	const [name, owner, application] = [`two_roles_${process.pid}`, `owner_${process.pid}`, `application_${process.pid}`];
	const tablesIn = async () => (await queryPostgres(urlOf(name, owner), "select 1 from pg_tables where schemaname = 'public'")).length;
	beforeAll(async () => {
		await admin(`create role ${owner} login`);
		await admin(`create database ${name} owner ${owner}`);
	});
	afterAll(async () => {
		await admin(`drop database if exists ${name} with (force)`);
		for (const role of [application, owner]) await admin(`drop role if exists ${role}`);
	});

	it("changes nothing and prints the statement to run when the owner may not create the missing role", async () => {
		await expect(migrateDatabase(urlOf(name, owner), urlOf(name, application))).rejects.toThrow(
			`The role ${application} of DATABASE_URL does not exist, and the role of DATABASE_OWNER_URL may not create it. Nothing was changed. Create the role, then run this again: CREATE ROLE "${application}" LOGIN PASSWORD '...';`,
		);
		expect(await tablesIn()).toBe(0);
	});

	it("creates no role with a password, which a statement would show to the server's log", async () => {
		await admin(`alter role ${owner} createrole`);
		const error: unknown = await migrateDatabase(urlOf(name, owner), urlOf(name, application, "secret")).catch((thrown: unknown) => thrown);
		expect(String(error)).toContain("a role with a password is not created here");
		expect(String(error)).not.toContain("secret");
		expect(await admin(`select 1 from pg_roles where rolname = '${application}'`)).toEqual([]);
	});

	it("migrates as an owner who is no superuser, and creates the missing role with its rights and no other", async () => {
		await migrateDatabase(urlOf(name, owner), urlOf(name, application));
		expect(await tablesIn()).toBeGreaterThan(10);
		const [attributes] = await admin(
			`select rolcanlogin, rolsuper or rolcreatedb or rolcreaterole or rolreplication or rolbypassrls as powers from pg_roles where rolname = '${application}'`,
		);
		expect(attributes).toEqual({ rolcanlogin: "t", powers: "f" });
		expect(await codeFrom(urlOf(name, application), "delete from refunds")).toBe("accepted");
		expect(await codeFrom(urlOf(name, application), "truncate refunds")).toBe(REFUSED);
		expect(await codeFrom(urlOf(name, application), `set role ${owner}`)).toBe(REFUSED);
	});

	it("creates the role once for several databases of one server that are migrated at the same moment", async () => {
		const role = `raced_${process.pid}`;
		const owners = Array.from({ length: 8 }, () => postgres(adminUrl, { max: 1, onnotice: () => {} }));
		// Connected before, so that all of them look for the role at the same moment.
		await Promise.all(owners.map((sql) => sql`select 1`));
		await Promise.all(owners.map((sql) => createApplicationRole(sql, urlOf(name, role))));
		await Promise.all(owners.map((sql) => sql.end()));
		expect(await admin(`select rolcanlogin from pg_roles where rolname = '${role}'`)).toEqual([{ rolcanlogin: "t" }]);
		await admin(`drop role ${role}`);
	});

	it("grants the rights of a role that exists, whatever password its URL has, and of one that may not connect yet", async () => {
		await admin(`revoke connect on database ${name} from public`);
		await queryPostgres(urlOf(name, owner), `revoke all on all tables in schema public from ${application}`);
		expect(await codeFrom(urlOf(name, application), "select 1")).toBe(REFUSED);
		await migrateDatabase(urlOf(name, owner), urlOf(name, application, "secret"));
		expect(await codeFrom(urlOf(name, application), "select 1 from refunds")).toBe("accepted");
	});
});
