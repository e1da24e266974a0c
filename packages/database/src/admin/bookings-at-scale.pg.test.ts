/**
 * The lists of bookings and the statistics of staff on a ledger of 100,000 bookings (2,000 in the short run), which this test writes. The
 * long run also measures how long Postgres takes, and prints it.
 */
import { parseAuditoriumId, parseMovieId, parseShowtimeId, parseUserId } from "@holdfast/domain";
import { queryPostgres } from "@holdfast/local-stack";
import { byRunLength, createTestDatabase, idOf, insertSales } from "@holdfast/testing";
import { type SQLWrapper, sql } from "drizzle-orm";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createDatabase, type Database } from "../create-database.ts";
import { readFrom } from "../run-queries.ts";
import { type BookingFilter, findConditions } from "./booking-filter.ts";
import { listAdminBookings, selectAdminBookings } from "./list-admin-bookings.ts";
import { selectGroups } from "./select-statistics.ts";

const BOOKINGS = byRunLength({ short: 2_000, long: 100_000 });
const MEASURES = byRunLength({ short: false, long: true });
const UNTIL_MS = Date.UTC(2031, 5, 30);
const DAY_MS = 86_400_000;
/** The programme covers so many days: 36 showtimes a day, 30 bookings each. */
const DAYS = Math.ceil(BOOKINGS / (36 * 30));
const PAGE_MAX_MS = 50;
const STATISTICS_MAX_MS = 2_000;
const LIMIT = 100;

let database: Database;
let url: string;
let drop: () => Promise<void>;
beforeAll(async () => {
	const test = await createTestDatabase();
	({ url, drop } = test);
	database = createDatabase({ url });
	await insertSales(test.ownerUrl, { bookings: BOOKINGS, untilMs: UNTIL_MS });
});
afterAll(async () => {
	await database.close();
	await drop();
});

type Plan = { readonly "Node Type": string; readonly Plans?: Plan[] } & Readonly<Record<string, unknown>>;

/** Runs the query; returns how long Postgres took for it, planning included, and what it read, as text. */
async function explain(query: SQLWrapper): Promise<{ readonly ms: number; readonly reads: string }> {
	const [answer] = await readFrom(
		database,
		"settling",
		(queries) =>
			queries.execute<{ "QUERY PLAN": [{ Plan: Plan; "Planning Time": number; "Execution Time": number }] }>(
				sql`explain (analyze, buffers, format json) ${query}`,
			),
		15_000,
	);
	const [top] = answer?.["QUERY PLAN"] ?? [];
	if (top === undefined) throw new Error("the query has no plan");
	const nodes: Plan[] = [];
	const collect = (plan: Plan): void => {
		nodes.push(plan);
		for (const part of plan.Plans ?? []) collect(part);
	};
	collect(top.Plan);
	const scans = nodes.filter((node) => node["Node Type"].endsWith("Scan") && node["Node Type"] !== "Bitmap Heap Scan");
	const rowsOf = (node: Plan) => (Number(node["Actual Rows"]) + Number(node["Rows Removed by Filter"] ?? 0)) * Number(node["Actual Loops"]);
	const rows = Math.round(scans.reduce((sum, node) => sum + rowsOf(node), 0));
	const names = scans.map((node) => String(node["Index Name"] ?? `${node["Node Type"]} ${node["Relation Name"] ?? ""}`));
	return { ms: top["Planning Time"] + top["Execution Time"], reads: `${rows} rows by ${names.join(", ")}` };
}

const day = (number: number) => UNTIL_MS - (DAYS - number) * DAY_MS;
const at = (ms: number) => `to_timestamp(${ms / 1_000})`;

/** The filters: those that are rare, frequent or never met. Ids are SQL, and so is the condition that a booking of the page must meet. */
type Ids = { readonly [Name in "movieId" | "auditoriumId" | "userId" | "showtimeIds"]?: string };
const FILTERS: readonly [name: string, ids: Ids, filter: BookingFilter, condition: string][] = [
	["no filter", {}, {}, "true"],
	["status=confirmed", {}, { status: "confirmed" }, "bookings.state = 'CONFIRMED'"],
	["status=cancelled", {}, { status: "cancelled" }, "bookings.state in ('CANCELLED', 'CONFLICT')"],
	["one showtime", { showtimeIds: idOf("showtimes", "5") }, {}, `bookings.showtime_id = ${idOf("showtimes", "5")}`],
	["a movie of the first day", { movieId: idOf("movies", "0") }, {}, `movie_id = ${idOf("movies", "0")}`],
	["a movie of every day", { movieId: idOf("movies", "1") }, {}, `movie_id = ${idOf("movies", "1")}`],
	["an auditorium", { auditoriumId: idOf("rooms", "3") }, {}, `auditorium_id = ${idOf("rooms", "3")}`],
	["a user with every 20th booking", { userId: idOf("users", "0") }, {}, `user_id = ${idOf("users", "0")}`],
	["a user with few bookings", { userId: idOf("users", "9") }, {}, `user_id = ${idOf("users", "9")}`],
	[
		"placed on the first day",
		{},
		{ fromMs: day(0), toMs: day(1) },
		`bookings.created_at >= ${at(day(0))} and bookings.created_at < ${at(day(1))}`,
	],
	[
		"confirmed on the first day",
		{},
		{ period: "confirmed", fromMs: day(0), toMs: day(1) },
		`confirmed_at >= ${at(day(0))} and confirmed_at < ${at(day(1))}`,
	],
	["confirmed before the first day", {}, { period: "confirmed", toMs: day(0) }, `confirmed_at < ${at(day(0))}`],
	[
		"starts on the first day",
		{},
		{ period: "starts", fromMs: day(0), toMs: day(1) },
		`starts_at >= ${at(day(0))} and starts_at < ${at(day(1))}`,
	],
	["starts in the first ten days", {}, { period: "starts", toMs: day(10) }, `starts_at < ${at(day(10))}`],
	["starts on any day", {}, { period: "starts", fromMs: day(-1), toMs: day(DAYS + 1) }, "true"],
	["an amount that no booking has", {}, { currency: "EUR", amountMin: 1_000_000 }, "false"],
	["an amount that half of them have", {}, { currency: "EUR", amountMin: 2_800 }, "bookings.amount >= 2800 and bookings.currency = 'EUR'"],
	["one exact amount", {}, { currency: "EUR", amountMin: 2_400, amountMax: 2_400 }, "bookings.amount = 2400 and bookings.currency = 'EUR'"],
	["a currency that no booking has", {}, { currency: "JPY" }, "false"],
	["refund=due", {}, { refund: "due" }, "refunds.state = 'due'"],
	["refund=refunded", {}, { refund: "refunded" }, "refunds.state = 'done'"],
	["refund=failed, which none is", {}, { refund: "failed" }, "false"],
	["a cancelled showtime and status=confirmed", { showtimeIds: idOf("showtimes", "7") }, { status: "confirmed" }, "false"],
	[
		"all of them together",
		{ movieId: idOf("movies", "19"), auditoriumId: idOf("rooms", "3"), userId: idOf("users", "58"), showtimeIds: idOf("showtimes", "57") },
		{
			status: "cancelled",
			period: "placed",
			fromMs: day(-9),
			toMs: day(DAYS),
			currency: "USD",
			amountMin: 1,
			amountMax: 9_999,
			refund: "refunded",
		},
		`movie_id = ${idOf("movies", "19")} and auditorium_id = ${idOf("rooms", "3")} and user_id = ${idOf("users", "58")} and refunds.state = 'done'
			and bookings.showtime_id = ${idOf("showtimes", "57")}`,
	],
];

async function filterOf(ids: Ids, filter: BookingFilter): Promise<BookingFilter> {
	const { movieId = "null", auditoriumId = "null", userId = "null", showtimeIds = "null" } = ids;
	const [row] = await queryPostgres(
		url,
		`select ${movieId} as movie, ${auditoriumId} as room, ${userId} as buyer, ${showtimeIds} as showtime`,
	);
	const showtimeId = parseShowtimeId(row?.showtime ?? "");
	return {
		...filter,
		movieId: parseMovieId(row?.movie ?? "") ?? undefined,
		auditoriumId: parseAuditoriumId(row?.room ?? "") ?? undefined,
		userId: parseUserId(row?.buyer ?? "") ?? undefined,
		...(showtimeId !== null && { showtimeIds: [showtimeId] }),
	};
}

async function measure(name: string, filter: BookingFilter): Promise<void> {
	const runs = [];
	for (let run = 0; run < 3; run += 1) {
		const page = (limit: number) =>
			readFrom(database, "settling", async (queries) => {
				const conditions = await findConditions(queries, filter);
				return conditions === null ? null : explain(selectAdminBookings(queries, conditions, { limit }));
			});
		runs.push(await page(LIMIT + 1));
	}
	const [best] = runs.flatMap((run) => run ?? []).toSorted((a, b) => a.ms - b.ms);
	console.log(`| ${name} | ${best?.ms.toFixed(1)} | ${best?.reads} |`);
	expect(best?.ms ?? 0).toBeLessThan(PAGE_MAX_MS);
}

describe("a page of bookings", () => {
	it.each(FILTERS)("has exactly the newest bookings that meet the filter: %s", async (name, ids, given, condition) => {
		const filter = await filterOf(ids, given);
		const expected = await queryPostgres(
			url,
			`select bookings.id from bookings join showtimes on showtimes.id = showtime_id left join refunds on booking_id = bookings.id
			 where ${condition} order by bookings.id desc limit ${LIMIT}`,
		);
		const page = await listAdminBookings(database, { ...filter, limit: LIMIT });
		if (page.outcome !== "page") throw new Error("a page without a cursor was refused");
		expect(page.items.map(({ booking }) => booking.id)).toEqual(expected.map(({ id }) => id));
		expect(expected.length > 0).toBe(condition !== "false");
		if (MEASURES) await measure(name, filter);
	});
});

describe("statistics", () => {
	it.each(["day", "movie", "auditorium", "showtime", "all"] as const)(
		"take less than 2 s of Postgres for 92 days by %s",
		async (groupBy) => {
			const [from, to] = [91, 0].map((days) => new Date(UNTIL_MS - days * DAY_MS).toISOString().slice(0, 10));
			const { ms } = await explain(selectGroups({ from: from ?? "", to: to ?? "" }, groupBy, { limit: LIMIT + 1 }));
			if (MEASURES) console.log(`| statistics of 92 days by ${groupBy} | ${ms.toFixed(0)} |`);
			expect(ms).toBeLessThan(STATISTICS_MAX_MS);
		},
	);
});

it("pages of the whole list together have every booking once", async () => {
	const seen = new Set<string>();
	let cursor: string | undefined;
	do {
		const page = await listAdminBookings(database, { limit: 1_000, cursor });
		if (page.outcome !== "page") throw new Error("the cursor was refused");
		for (const { booking } of page.items) seen.add(booking.id);
		cursor = page.nextCursor ?? undefined;
	} while (cursor !== undefined);
	expect(seen.size).toBe(BOOKINGS);
});
