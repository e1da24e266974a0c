import { readdirSync, readFileSync } from "node:fs";
import { queryPostgres } from "@holdfast/local-stack";
import { generateDrizzleJson, generateMigration } from "drizzle-kit/api";
import { afterAll, expect, inject, it } from "vitest";
import { isDatabaseUnavailable } from "./classify-error.ts";
import { migrateDatabase } from "./migrate-database.ts";
import * as schema from "./schema/index.ts";

const adminUrl = inject("postgresUrl");
const name = `migrate_${process.pid}`;
const older = `older_${process.pid}`;
afterAll(async () => {
	await queryPostgres(adminUrl, `drop database if exists ${name} with (force)`);
	await queryPostgres(adminUrl, `drop database if exists ${older} with (force)`);
});

it("an empty database is brought up to date by several at once, and again without change", async () => {
	await queryPostgres(adminUrl, `create database ${name}`);
	const url = new URL(adminUrl);
	url.pathname = `/${name}`;
	await Promise.all(Array.from({ length: 4 }, () => migrateDatabase(url.href)));
	const applied = await queryPostgres(url.href, "select hash from drizzle.__drizzle_migrations");
	expect(new Set(applied.map(({ hash }) => hash)).size).toBe(applied.length);
	await migrateDatabase(url.href);
	expect(await queryPostgres(url.href, "select hash from drizzle.__drizzle_migrations")).toEqual(applied);
	const tables = await queryPostgres(url.href, "select tablename from pg_tables where schemaname = 'public' order by tablename");
	expect(tables.map(({ tablename }) => tablename)).toEqual([
		"auditoriums",
		"booking_events",
		"booking_seats",
		"bookings",
		"buckets",
		"dead_letters",
		"losses",
		"movies",
		"refresh_families",
		"refunds",
		"seat_plans",
		"showtime_events",
		"showtimes",
		"users",
	]);
});

it("the migrations make the schema that the code has: nothing is left to generate", async () => {
	const folder = new URL("../../../drizzle/meta/", import.meta.url);
	const read = (file: string) => JSON.parse(readFileSync(new URL(file, folder), "utf8"));
	const last = String(read("_journal.json").entries.length - 1).padStart(4, "0");
	const snapshot = read(`${last}_snapshot.json`);
	expect(await generateMigration(snapshot, generateDrizzleJson(schema, snapshot.id))).toEqual([]);
});

it("gives each sign-in that is older than MAC keys a key of its own, and keeps its tokens", async () => {
	await queryPostgres(adminUrl, `create database ${older}`);
	const url = new URL(adminUrl);
	url.pathname = `/${older}`;
	const folder = new URL("../../../drizzle/", import.meta.url);
	const files = readdirSync(folder)
		.filter((file) => file.endsWith(".sql"))
		.sort();
	const statements = (file: string) => readFileSync(new URL(file, folder), "utf8");
	const firstWithKeys = files.findIndex((file) => statements(file).includes('ADD COLUMN "mac_key"'));
	expect(firstWithKeys).toBeGreaterThan(0);
	const [before, after] = [files.slice(0, firstWithKeys), files.slice(firstWithKeys)];
	for (const file of before) await queryPostgres(url.href, statements(file));
	await queryPostgres(
		url.href,
		`insert into users (id, email, password_hash, display_name, role) values (gen_random_uuid(), 'old@example.org', '-', 'Old', 'user');
		 insert into refresh_families (id, user_id, token_hash, expires_at, ends_at)
		 select gen_random_uuid(), id, 'hash ' || n, now() + interval '1 day', now() + interval '1 day' from users, generate_series(1, 3) as n`,
	);
	for (const file of after) await queryPostgres(url.href, statements(file));
	const families = await queryPostgres(url.href, "select token_hash, mac_key, generation from refresh_families order by token_hash");
	expect(families.map(({ token_hash }) => token_hash)).toEqual(["hash 1", "hash 2", "hash 3"]);
	expect(new Set(families.map(({ mac_key }) => mac_key)).size).toBe(3);
	for (const { mac_key, generation } of families) expect([String(mac_key).length, Number(generation)]).toEqual([72, 0]);
});

it("a database that cannot be reached is an error, soon", async () => {
	const error: unknown = await migrateDatabase("postgres://nobody@127.0.0.1:9/none").catch((thrown: unknown) => thrown);
	expect(isDatabaseUnavailable(error)).toBe(true);
});
