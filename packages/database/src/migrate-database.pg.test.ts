import { readdirSync, readFileSync } from "node:fs";
import { BOX_OFFICE_USER_ID } from "@holdfast/domain";
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

it("four concurrent migrations of an empty database apply each migration once, and a later run changes nothing", async () => {
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
		"audit_digests",
		"audit_events",
		"auditoriums",
		"booking_events",
		"booking_seats",
		"bookings",
		"buckets",
		"dead_letters",
		"losses",
		"movies",
		"notices",
		"refresh_families",
		"refunds",
		"seat_plans",
		"showtime_actions",
		"showtime_batches",
		"showtime_events",
		"showtimes",
		"users",
	]);
});

it("the migrations produce the schema in the code, so drizzle-kit has nothing to generate", async () => {
	const folder = new URL("../../../drizzle/meta/", import.meta.url);
	const read = (file: string) => JSON.parse(readFileSync(new URL(file, folder), "utf8"));
	const last = String(read("_journal.json").entries.length - 1).padStart(4, "0");
	const snapshot = read(`${last}_snapshot.json`);
	expect(await generateMigration(snapshot, generateDrizzleJson(schema, snapshot.id))).toEqual([]);
});

/**
 * Creates a database, applies the migrations before the one that contains `statement`, runs `fill`, and applies the remaining migrations.
 * Returns the URL of the database.
 */
async function migrateAcross(statement: string, fill: string): Promise<string> {
	await queryPostgres(adminUrl, `drop database if exists ${older} with (force)`);
	await queryPostgres(adminUrl, `create database ${older}`);
	const url = new URL(adminUrl);
	url.pathname = `/${older}`;
	const folder = new URL("../../../drizzle/", import.meta.url);
	const files = readdirSync(folder).filter((file) => file.endsWith(".sql"));
	const migrations = files.sort().map((file) => readFileSync(new URL(file, folder), "utf8"));
	const first = migrations.findIndex((text) => text.includes(statement));
	expect(first).toBeGreaterThan(0);
	for (const text of [...migrations.slice(0, first), fill, ...migrations.slice(first)]) await queryPostgres(url.href, text);
	return url.href;
}

it("the migration that adds MAC keys gives each existing sign-in its own key and keeps its tokens", async () => {
	const url = await migrateAcross(
		'ADD COLUMN "mac_key"',
		`insert into users (id, email, password_hash, display_name, role) values (gen_random_uuid(), 'old@example.org', '-', 'Old', 'user');
		 insert into refresh_families (id, user_id, token_hash, expires_at, ends_at)
		 select gen_random_uuid(), id, 'hash ' || n, now() + interval '1 day', now() + interval '1 day' from users, generate_series(1, 3) as n`,
	);
	const families = await queryPostgres(url, "select token_hash, mac_key, generation from refresh_families order by token_hash");
	expect(families.map(({ token_hash }) => token_hash)).toEqual(["hash 1", "hash 2", "hash 3"]);
	expect(new Set(families.map(({ mac_key }) => mac_key)).size).toBe(3);
	for (const { mac_key, generation } of families) expect([String(mac_key).length, Number(generation)]).toEqual([72, 0]);
});

it("the migration that adds seat amounts divides the amount of each existing booking among its seats, to the last cent", async () => {
	const url = await migrateAcross(
		'ADD COLUMN "amount" bigint',
		`insert into users (id, email, password_hash, display_name, role) values (gen_random_uuid(), 'old@example.org', '-', 'Old', 'user');
		 insert into auditoriums (id, name, time_zone) values (gen_random_uuid(), 'Hall', 'UTC');
		 insert into movies (id, title, description, duration_minutes, genre, status) values (gen_random_uuid(), 'M', 'A film.', 104, 'Thriller', 'now_showing');
		 insert into seat_plans (id, auditorium_id, layout, seat_count) select gen_random_uuid(), id, '{}', 9 from auditoriums;
		 insert into showtimes (id, movie_id, auditorium_id, seat_plan_id, starts_at, ends_at, time_zone, prices, currency, sales_open_at, sales_close_at)
		 select gen_random_uuid(), movies.id, auditoriums.id, seat_plans.id, now(), now() + interval '1 hour', 'UTC', '{"standard": 1250}', 'USD', now(), now()
		 from movies, auditoriums, seat_plans;
		 insert into bookings (id, user_id, showtime_id, seat_plan_id, state, version, amount, currency, created_at, expires_at, confirmed_at, schedule_version)
		 select gen_random_uuid(), users.id, showtimes.id, seat_plan_id, 'CONFIRMED', 2, amount, 'USD', now(), now(), now(), 1
		 from users, showtimes, (values (2500), (2501), (0)) as costs (amount);
		 insert into booking_seats (booking_id, showtime_id, seat, label, acquired_at, released_at)
		 select id, showtime_id, seat, 'A', now(), now() from bookings, generate_series(3, 5) as seat`,
	);
	const seats = await queryPostgres(
		url,
		"select string_agg(seats.amount::text, ',' order by seat) as amounts from booking_seats seats join bookings on id = booking_id group by id, bookings.amount order by bookings.amount",
	);
	expect(seats).toEqual([{ amounts: "0,0,0" }, { amounts: "834,833,833" }, { amounts: "834,834,833" }]);
});

it("the migration for staff gives rooms a currency and a current plan, and existing showtimes the pause for cleaning that they have room for", async () => {
	const url = await migrateAcross(
		'ADD COLUMN "cleaning_minutes"',
		`insert into auditoriums (id, name, time_zone) select gen_random_uuid(), name, 'UTC' from (values ('Euro'), ('Empty')) as rooms (name);
		 insert into movies (id, title, description, duration_minutes, genre, status) values (gen_random_uuid(), 'M', 'A film.', 60, 'Thriller', 'now_showing');
		 insert into seat_plans (id, auditorium_id, layout, seat_count, created_at)
		 select gen_random_uuid(), id, '{}', seats, now() + seats * interval '1 minute' from auditoriums, (values (8), (9)) as plans (seats) where name = 'Euro';
		 insert into showtimes (id, movie_id, auditorium_id, seat_plan_id, starts_at, ends_at, time_zone, prices, currency, sales_open_at, sales_close_at)
		 select gen_random_uuid(), movies.id, auditoriums.id, seat_plans.id, start, start + interval '1 hour', 'UTC', '{"standard": 1250}', 'EUR', now(), now()
		 from movies, auditoriums, seat_plans, (values ('2031-01-01T10:00Z'::timestamptz), ('2031-01-01T11:05Z'), ('2031-01-01T14:00Z')) as starts (start)
		 where name = 'Euro' and seat_count = 9`,
	);
	expect(await queryPostgres(url, "select name, currency, cleaning_minutes from auditoriums order by name")).toEqual([
		{ name: "Empty", currency: "EUR", cleaning_minutes: "20" },
		{ name: "Euro", currency: "EUR", cleaning_minutes: "20" },
	]);
	expect(await queryPostgres(url, "select seat_count from seat_plans where is_current")).toEqual([{ seat_count: "9" }]);
	const pauses = await queryPostgres(
		url,
		"select extract(minute from occupied_until - ends_at)::int as pause from showtimes order by starts_at",
	);
	expect(pauses.map(({ pause }) => pause)).toEqual(["5", "20", "20"]);
});

it("the migration for actions leaves each existing refund as one of the whole amount that is due", async () => {
	const url = await migrateAcross(
		'ADD COLUMN "percent"',
		`insert into users (id, email, password_hash, display_name, role) values (gen_random_uuid(), 'old@example.org', '-', 'Old', 'user');
		 insert into auditoriums (id, name, time_zone, currency) values (gen_random_uuid(), 'Hall', 'UTC', 'EUR');
		 insert into movies (id, title, description, duration_minutes, genre, status) values (gen_random_uuid(), 'M', 'A film.', 104, 'Thriller', 'now_showing');
		 insert into seat_plans (id, auditorium_id, layout, seat_count) select gen_random_uuid(), id, '{}', 9 from auditoriums;
		 insert into showtimes (id, movie_id, auditorium_id, seat_plan_id, starts_at, ends_at, occupied_until, time_zone, prices, currency, sales_open_at, sales_close_at)
		 select gen_random_uuid(), movies.id, auditoriums.id, seat_plans.id, now(), now() + interval '1 hour', now() + interval '1 hour', 'UTC', '{"standard": 1250}', 'EUR', now(), now()
		 from movies, auditoriums, seat_plans;
		 insert into bookings (id, user_id, showtime_id, seat_plan_id, state, version, amount, currency, created_at, expires_at, confirmed_at, schedule_version)
		 select gen_random_uuid(), users.id, showtimes.id, seat_plan_id, 'CONFLICT', 3, 1250, 'EUR', now(), now(), now(), 1 from users, showtimes;
		 insert into refunds (booking_id, showtime_id, reason, amount, currency) select id, showtime_id, 'conflict', amount, currency from bookings`,
	);
	expect(await queryPostgres(url, "select reason, amount, percent, state, provider_ref, done_at from refunds")).toEqual([
		{ reason: "conflict", amount: "1250", percent: "100", state: "due", provider_ref: null, done_at: null },
	]);
});

it("the migration for the desk leaves users unblocked at version 1, and makes their names searchable except those of deleted accounts", async () => {
	const url = await migrateAcross(
		'ADD COLUMN "blocked_at"',
		`insert into users (id, email, password_hash, display_name, role) values (gen_random_uuid(), 'old@example.org', '-', 'Zoë Ångström', 'user');
		 insert into users (id, role, deletion_started_at) values (gen_random_uuid(), 'user', now())`,
	);
	const rows = await queryPostgres(
		url,
		`select search_name, blocked_at, version from users where id <> '${BOX_OFFICE_USER_ID}' order by email`,
	);
	expect(rows).toEqual([
		{ search_name: "zoe angstrom", blocked_at: null, version: "1" },
		{ search_name: null, blocked_at: null, version: "1" },
	]);
});

it("migrating an unreachable database fails with an unavailable error", async () => {
	const error: unknown = await migrateDatabase("postgres://user@127.0.0.1:9/none").catch((thrown: unknown) => thrown);
	expect(isDatabaseUnavailable(error)).toBe(true);
});
