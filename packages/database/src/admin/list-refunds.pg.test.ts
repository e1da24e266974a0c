/** The lists of refunds and notices on a full ledger, which this test writes: what a page reads, and that the totals are the sums of the rows. */
import { type BookingId, parseBookingId, type ShowtimeId, type UserId } from "@holdfast/domain";
import { queryPostgres } from "@holdfast/local-stack";
import { type SQL, sql } from "drizzle-orm";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { ReadQueries } from "../create-database.ts";
import { readFrom } from "../run-queries.ts";
import { openTestLedger, type TestLedger } from "../testing/open-test-ledger.ts";
import type { AdminRefund } from "./admin-refund.ts";
import { selectNotices } from "./list-notices.ts";
import { listRefunds, type RefundFilters, type RefundTotal, selectRefundPage } from "./list-refunds.ts";

/** Bookings of the ledger. Every tenth has a refund, every fifth a notice. Every 39th refund is of a conflict, a third of these has its seats. */
const BOOKINGS = 10_000;
const SHOWTIMES = 20;
const USERS = 50;
const EVERY_MS = 60_000;
const PAGE = 21;

let ledger: TestLedger;
let showtimeIds: ShowtimeId[];
let userIds: UserId[];
/** A showtime with the three oldest notices. */
let rareId: ShowtimeId;
beforeAll(async () => {
	ledger = await openTestLedger();
	showtimeIds = await Promise.all(Array.from({ length: SHOWTIMES }, () => ledger.addShowtime()));
	userIds = await Promise.all(Array.from({ length: USERS }, () => ledger.addUser()));
	const at = (position: SQL, of: readonly string[]) => sql`(${sql.param([...of])}::uuid[])[${position} % ${of.length}::integer + 1]`;
	const numbers = sql`generate_series(1, ${BOOKINGS}::integer) as n`;
	const dueAt = sql`now() - make_interval(secs => n * ${EVERY_MS / 1_000})`;
	// The last digits of an id are its number.
	const id = sql`('00000000-0000-7000-8000-' || lpad(to_hex(n), 12, '0'))::uuid`;
	await ledger.rows(sql`insert into bookings (id, user_id, showtime_id, seat_plan_id, state, version, amount, currency, created_at, expires_at,
			confirmed_at, schedule_version)
		select ${id}, ${at(sql`(n / 10)`, userIds)}, ${at(sql`(n / 10 % 7 + n / 1000)`, showtimeIds)}, ${ledger.planId},
			case when n % 10 = 0 and n % 1170 > 0 then 'CANCELLED' else 'CONFIRMED' end, 3, n, 'EUR', now(), now(), now(), 1 from ${numbers}`);
	await ledger.rows(sql`insert into refunds (booking_id, showtime_id, reason, amount, currency, state, due_at, done_at)
		select b.id, b.showtime_id, case when n % 390 = 0 then 'conflict' when n % 20 = 0 then 'cancelled' else 'showtime_cancelled' end, b.amount % 9000,
			case when n % 40 = 0 then 'USD' else 'EUR' end, (array['due', 'sent', 'done', 'failed', 'not_owed'])[n / 10 % 5 + 1], ${dueAt},
			case when n / 10 % 5 = 2 then ${dueAt} end
		from ${numbers} join bookings b on b.id = ${id} where n % 10 = 0`);
	await ledger.rows(sql`insert into notices (id, kind, booking_id, showtime_id, version, user_id, details, created_at)
		select uuidv7(${dueAt} - now()), 'booking.cancelled', b.id, b.showtime_id, 3, b.user_id, '{}', ${dueAt}
		from ${numbers} join bookings b on b.id = ${id} where n % 5 = 0`);
	rareId = await ledger.addShowtime();
	await ledger.rows(sql`update notices set showtime_id = ${rareId} where id in (select id from notices order by id limit 3)`);
	await queryPostgres(ledger.ownerUrl, "analyze bookings, refunds, notices, showtimes");
});
afterAll(() => ledger.stop());

type Plan = { readonly "Node Type": string; readonly "Relation Name"?: string; readonly Plans?: Plan[] } & Readonly<
	Record<string, unknown>
>;

/** Runs a query; returns the rows that it read of each table, and its time in ms. */
async function explain(query: (queries: ReadQueries) => { getSQL(): SQL }): Promise<{ read: Record<string, number>; ms: number }> {
	const [answer] = await readFrom(ledger.database, "administration", (queries) =>
		queries.execute<{ "QUERY PLAN": [{ Plan: Plan; "Execution Time": number }] }>(
			sql`explain (analyze, timing off, format json) ${query(queries).getSQL()}`,
		),
	);
	const read: Record<string, number> = {};
	const collect = (plan: Plan): void => {
		const table = plan["Relation Name"];
		const rows = (Number(plan["Actual Rows"]) + Number(plan["Rows Removed by Filter"] ?? 0)) * Number(plan["Actual Loops"]);
		if (table !== undefined) read[table] = (read[table] ?? 0) + rows;
		for (const part of plan.Plans ?? []) collect(part);
	};
	const [top] = answer?.["QUERY PLAN"] ?? [];
	if (top === undefined) throw new Error("explain returned no plan");
	collect(top.Plan);
	return { read, ms: top["Execution Time"] };
}

const page = (filters: Partial<RefundFilters>) =>
	explain((queries) => selectRefundPage(queries, { periodOf: "due", ...filters }, { limit: PAGE }));

async function readAll(filters: Partial<RefundFilters>): Promise<{ items: AdminRefund[]; totals: readonly RefundTotal[] }> {
	const items: AdminRefund[] = [];
	let cursor: string | null | undefined;
	let totals: readonly RefundTotal[] = [];
	while (cursor !== null) {
		const result = await listRefunds(ledger.database, { limit: 100, cursor: cursor ?? undefined, periodOf: "due", ...filters });
		if (result.outcome !== "page") throw new Error(result.outcome);
		items.push(...result.items);
		({ nextCursor: cursor, totals } = result);
	}
	return { items, totals };
}

/** Counts refunds `r` of bookings `b`. */
async function countRefunds(condition: SQL): Promise<number> {
	const [row] = await ledger.rows<{ count: number }>(
		sql`select count(*)::integer as count from refunds r join bookings b on b.id = r.booking_id where ${condition}`,
	);
	return row?.count ?? 0;
}

describe("a page of refunds", () => {
	it("reads about as many refunds as it has, through an index, when there are no filters", async () => {
		// A fifth of the refunds are withdrawn, and a few bookings have their seats after all.
		expect((await page({})).read.refunds).toBeLessThan(2 * PAGE);
	});

	it("reads at most the refunds of the showtime that the filter names", async () => {
		const count = await countRefunds(sql`r.showtime_id = ${showtimeIds[3]}`);
		expect((await page({ showtimeId: showtimeIds[3] })).read.refunds).toBeLessThanOrEqual(count);
	});

	it("reads at most twice the refunds of a period half-way", async () => {
		const toMs = Date.now() - (BOOKINGS / 2) * EVERY_MS;
		const fromMs = toMs - 200 * EVERY_MS;
		expect((await page({ fromMs, toMs })).read.refunds).toBeLessThanOrEqual(2 * 21);
	});
});

describe("the totals of refunds", () => {
	it.each<[string, () => Partial<RefundFilters>]>([
		["everything", () => ({})],
		["a user", () => ({ userId: userIds[7] })],
		["a showtime", () => ({ showtimeId: showtimeIds[2] })],
		["what is paid", () => ({ status: "refunded" })],
		["a reason in a currency", () => ({ reason: "conflict", currency: "USD" })],
	])("equal the sums of all pages of %s", async (_name, filtersOf) => {
		const { items, totals } = await readAll(filtersOf());
		expect(items.length).toBeGreaterThan(0);
		expect(new Set(items.map(({ bookingId }) => bookingId)).size).toBe(items.length);
		const expected = Map.groupBy(items, ({ currency, reason }) => `${currency} ${reason}`);
		const sumOf = (refunds: AdminRefund[]) => ({ refunds: refunds.length, amount: refunds.reduce((sum, { amount }) => sum + amount, 0) });
		expect(totals).toEqual(
			[...expected.keys()].sort().map((key) => {
				const own = expected.get(key) ?? [];
				const [settled, owed] = [own.filter(({ status }) => status === "refunded"), own.filter(({ status }) => status !== "refunded")];
				return { currency: key.slice(0, 3), reason: key.slice(4), owed: sumOf(owed), settled: sumOf(settled) };
			}),
		);
	});

	it("leave out refunds that were withdrawn, of nothing, and of bookings that have their seats after all", async () => {
		const { items } = await readAll({});
		const count = await countRefunds(sql`r.state <> 'not_owed' and r.amount > 0 and b.state <> 'CONFIRMED'`);
		expect([items.length, count < BOOKINGS / 10]).toEqual([count, true]);
	});
});

describe("a page of notices", () => {
	const bookingId = (): BookingId | undefined => parseBookingId("00000000-0000-7000-8000-000000000064") ?? undefined;

	it.each<[string, () => Parameters<typeof selectNotices>[1], number]>([
		["no filter", () => ({ limit: PAGE }), PAGE],
		["a booking", () => ({ limit: PAGE, bookingId: bookingId() }), 1],
		["a showtime", () => ({ limit: PAGE, showtimeId: rareId }), 3],
		["a period", () => ({ limit: PAGE, fromMs: Date.now() - 1_100 * EVERY_MS, toMs: Date.now() - 1_000 * EVERY_MS }), 20 + 24 + 2],
	])("reads at most the rows that it shows, and those of an hour before and after, of %s", async (_name, requestOf, rowsMax) => {
		expect((await explain((queries) => selectNotices(queries, requestOf()))).read.notices).toBeLessThanOrEqual(rowsMax);
	});
});
