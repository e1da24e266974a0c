import { readFileSync } from "node:fs";
import { queryPostgres } from "@holdfast/local-stack";
import { generateDrizzleJson, generateMigration } from "drizzle-kit/api";
import { afterAll, expect, inject, it } from "vitest";
import { isDatabaseUnavailable } from "./classify-error.ts";
import { migrateDatabase } from "./migrate-database.ts";
import * as schema from "./schema/index.ts";

const adminUrl = inject("postgresUrl");
const name = `migrate_${process.pid}`;
afterAll(() => queryPostgres(adminUrl, `drop database if exists ${name} with (force)`));

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

it("a database that cannot be reached is an error, soon", async () => {
	const error: unknown = await migrateDatabase("postgres://nobody@127.0.0.1:9/none").catch((thrown: unknown) => thrown);
	expect(isDatabaseUnavailable(error)).toBe(true);
});
