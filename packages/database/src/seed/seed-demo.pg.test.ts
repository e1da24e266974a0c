import { CLEANING_MINUTES_DEFAULT, DAY_MS, findLayoutErrors, parsePrices, parseShowtimeId } from "@holdfast/domain";
import { createTestDatabase } from "@holdfast/testing";
import { sql } from "drizzle-orm";
import { afterAll, beforeAll, expect, it } from "vitest";
import { listMovies } from "../catalog/list-movies.ts";
import { createDatabase, type Database } from "../create-database.ts";
import { readFrom } from "../run-queries.ts";
import { DEMO_ROOMS } from "./demo-rooms.ts";
import { seedDemo } from "./seed-demo.ts";

/** Late evening in Europe, the next morning in Tokyo, and three days before the clock change in the United States. */
const NOW_MS = Date.UTC(2031, 9, 30, 22, 45);

let database: Database;
let drop: () => Promise<void>;
beforeAll(async () => {
	const test = await createTestDatabase();
	drop = test.drop;
	database = createDatabase({ url: test.url });
});
afterAll(async () => {
	await database.close();
	await drop();
});

const rows = <Row extends Record<string, unknown>>(statement: ReturnType<typeof sql>) =>
	readFrom(database, "upkeep", async (queries) => [...(await queries.execute<Row>(statement))]);
const dump = () =>
	rows(
		sql`select to_json(m) as row from movies m union all select to_json(s) from showtimes s union all select to_json(a) from auditoriums a`,
	);

it("seeds movies that are now showing, coming soon and ended in under three seconds", async () => {
	const lines: string[] = [];
	const started = performance.now();
	const tally = await seedDemo(database, { nowMs: NOW_MS, onProgress: (line) => lines.push(line) });
	expect(performance.now() - started).toBeLessThan(3_000);
	expect(lines).toHaveLength(3);
	expect(tally).toMatchObject({ movies: 1203, auditoriums: DEMO_ROOMS.length });
	const counts = await rows<{ status: string; n: number }>(sql`select status, count(*)::int as n from movies group by status order by n`);
	expect(counts).toEqual([
		{ status: "coming_soon", n: 20 },
		{ status: "now_showing", n: 60 },
		{ status: "ended", n: 1123 },
	]);
});

it("seeding again on the same day changes nothing, even by two processes at once", async () => {
	const before = await dump();
	const tallies = await Promise.all([seedDemo(database, { nowMs: NOW_MS + 60_000 }), seedDemo(database, { nowMs: NOW_MS + 120_000 })]);
	for (const tally of tallies) expect(tally).toEqual({ movies: 0, auditoriums: 0, showtimes: 0 });
	expect(await dump()).toEqual(before);
});

it("every movie that is now showing has a showtime within seven days, and every auditorium has showtimes on at least six days", async () => {
	const [missing] = await rows<{ n: number }>(sql`
		select count(*)::int as n from movies m where status = 'now_showing' and not exists (
			select 1 from showtimes s where s.movie_id = m.id and s.starts_at between ${at(NOW_MS)} and ${at(NOW_MS + 7 * DAY_MS)})`);
	expect(missing?.n).toBe(0);
	const days = await rows<{ days: number }>(sql`
		select count(distinct (starts_at at time zone time_zone)::date)::int as days from showtimes
		where starts_at >= ${at(NOW_MS + DAY_MS)} group by auditorium_id`);
	expect(days).toHaveLength(DEMO_ROOMS.length);
	for (const room of days) expect(room.days).toBeGreaterThanOrEqual(6);
});

it("no two showtimes of an auditorium overlap, cleaning time included, and each lasts as long as its movie", async () => {
	const [clashes] = await rows<{ n: number }>(sql`
		select count(*)::int as n from showtimes a join showtimes b on a.auditorium_id = b.auditorium_id and a.id < b.id
		where a.starts_at < b.ends_at + ${CLEANING_MINUTES_DEFAULT} * interval '1 minute' and b.starts_at < a.ends_at + ${CLEANING_MINUTES_DEFAULT} * interval '1 minute'`);
	expect(clashes?.n).toBe(0);
	const [wrong] = await rows<{ n: number }>(sql`
		select count(*)::int as n from showtimes s join movies m on m.id = s.movie_id
		where s.ends_at - s.starts_at <> m.duration_minutes * interval '1 minute'`);
	expect(wrong?.n).toBe(0);
});

it("every showtime is on sale from now until it starts, and every tier of its plan has a valid price", async () => {
	const [offSale] = await rows<{ n: number }>(sql`
		select count(*)::int as n from showtimes where state <> 'open' or sales_open_at > ${at(NOW_MS)} or sales_close_at <> starts_at or starts_at <= ${at(NOW_MS)}`);
	expect(offSale?.n).toBe(0);
	for (const room of DEMO_ROOMS) {
		expect(findLayoutErrors(room.layout)).toEqual([]);
		expect(Object.keys(room.prices)).toEqual(room.layout.tiers.map((tier) => tier.id));
		expect(parsePrices(room.prices)).toEqual(room.prices);
		expect(Intl.supportedValuesOf("timeZone")).toContain(room.timeZone);
	}
});

it("the first showtime of a day starts at the same local time before and after a clock change", async () => {
	const firsts = await rows<{ first: string }>(sql`
		select distinct min((s.starts_at at time zone s.time_zone)::time)::text as first from showtimes s join auditoriums a on a.id = s.auditorium_id
		where a.name = 'Orpheum, Hall 1' and (s.starts_at at time zone s.time_zone)::date > '2031-10-30' group by (s.starts_at at time zone s.time_zone)::date`);
	expect(firsts).toEqual([{ first: "10:00:00" }]);
});

it("the showtimes are spread over all 16 buckets", async () => {
	const ids = await rows<{ id: string }>(sql`select id from showtimes`);
	expect(ids.every(({ id }) => parseShowtimeId(id) !== null)).toBe(true);
	expect(new Set(ids.map(({ id }) => id.slice(-2))).size).toBe(16);
});

it("repairs numeric titles, wrong centuries and misread letters of the source", async () => {
	const find = async (q: string) => {
		const page = await listMovies(database, { q, limit: 5 });
		return page.outcome === "page" ? page.items.map(({ title, releaseDate }) => `${title} ${releaseDate}`) : [];
	};
	expect(await find("gone with the wind")).toEqual(["Gone with the Wind 1939-12-15"]);
	expect(await find("2012")).toEqual(["2012 2009-11-13"]);
	expect(await find("poulain")).toEqual(["Le Fabuleux destin d'Amélie Poulain 2001-11-02"]);
	expect(await find("déjà vu")).toEqual(["Déjà Vu 2006-11-22"]);
	const [late] = await rows<{ last: string }>(sql`select max(release_date)::text as last from movies`);
	expect(late?.last).toMatch(/^2010/);
});

it("seeding on the next day adds only the showtimes of the one new day", async () => {
	const before = await dump();
	const tally = await seedDemo(database, { nowMs: NOW_MS + DAY_MS });
	expect(tally).toMatchObject({ movies: 0, auditoriums: 0 });
	expect(tally.showtimes).toBeGreaterThan(30);
	expect(tally.showtimes).toBeLessThan(70);
	const after = new Set((await dump()).map((row) => JSON.stringify(row)));
	expect(before.filter((row) => !after.has(JSON.stringify(row)))).toEqual([]);
});

it("seeding a month later fills the coming week again", async () => {
	const nowMs = NOW_MS + 30 * DAY_MS;
	await seedDemo(database, { nowMs });
	const [missing] = await rows<{ n: number }>(sql`
		select count(*)::int as n from movies m where status = 'now_showing' and not exists (
			select 1 from showtimes s where s.movie_id = m.id and s.starts_at between ${at(nowMs)} and ${at(nowMs + 7 * DAY_MS)})`);
	expect(missing?.n).toBe(0);
});

function at(epochMs: number) {
	return sql`${new Date(epochMs).toISOString()}::timestamptz`;
}
