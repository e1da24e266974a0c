/** The filters of the audit trail on a table of 100,000 rows, which this test writes over the past year. */
import { parseShowtimeId, parseUserId } from "@holdfast/domain";
import { createTestDatabase } from "@holdfast/testing";
import { sql } from "drizzle-orm";
import { afterAll, beforeAll, expect, it } from "vitest";
import { createDatabase, type Database } from "../create-database.ts";
import { readFrom, writeTo } from "../run-queries.ts";
import { type ListAuditEventsRequest, listAuditEvents, selectAuditEvents } from "./list-audit-events.ts";

const ROWS = 100_000;
const EVERY_MS = 315_000;
const DAY_MS = 86_400_000;
const HOUR_MS = 3_600_000;
const nowMs = Date.now();
/** About this many rows of the neighbouring hours are read with a period, because its bounds in the index are an hour wider. */
const ROWS_OF_MARGINS = 2 * (HOUR_MS / EVERY_MS) + 2;

let database: Database;
let drop: () => Promise<void>;
beforeAll(async () => {
	const test = await createTestDatabase();
	drop = test.drop;
	database = createDatabase({ url: test.url });
	const owner = createDatabase({ url: test.ownerUrl });
	const id = (kind: string, number: string) => sql.raw(`('00000000-0000-7000-${kind}-' || lpad(to_hex(${number}), 12, '0'))::uuid`);
	const time = sql.raw(`to_timestamp(${nowMs / 1_000}) - make_interval(secs => (${ROWS} - n) * ${EVERY_MS / 1_000})`);
	await writeTo(owner, "settling", async (queries) => {
		await queries.execute(sql`insert into audit_events (id, at, recorded_at, actor, action, target_type, target_id, showtime_id)
			select uuidv7(${time} - clock_timestamp()), ${time}, ${time}, ${id("8000", "n % 1000")},
				case when n = 500 then 'movie.archived' else 'movie.updated' end, case when n = 500 then 'movie' else 'showtime' end,
				${id("9000", "n % 5000")}, case when n % 10 = 0 then ${id("a000", "n % 2000")} end
			from generate_series(1, ${sql.raw(String(ROWS))}) n`);
		await queries.execute("analyze audit_events");
	});
	await owner.close();
});
afterAll(async () => {
	await database.close();
	await drop();
});

type Plan = { readonly "Node Type": string; readonly "Index Name"?: string; readonly Plans?: Plan[] } & Readonly<Record<string, unknown>>;

/** Runs the query of a page of 20 and returns the indexes that it used and the number of rows that it read from them. */
async function explain(request: Omit<ListAuditEventsRequest, "limit">): Promise<{ indexes: string[]; rowsRead: number }> {
	const [answer] = await readFrom(database, "administration", (queries) =>
		queries.execute<{ "QUERY PLAN": [{ Plan: Plan }] }>(
			sql`explain (analyze, format json) ${selectAuditEvents(queries, { limit: 21, ...request })}`,
		),
	);
	const nodes: Plan[] = [];
	const collect = (plan: Plan): void => {
		nodes.push(plan);
		for (const part of plan.Plans ?? []) collect(part);
	};
	for (const { Plan: plan } of answer?.["QUERY PLAN"] ?? []) collect(plan);
	const scans = nodes.filter((node) => node["Node Type"].endsWith("Scan") && node["Node Type"] !== "Bitmap Heap Scan");
	const rowsOf = (node: Plan) => Number(node["Actual Rows"]) + Number(node["Rows Removed by Filter"] ?? 0);
	return {
		indexes: scans.map((node) => node["Index Name"] ?? node["Node Type"]),
		rowsRead: scans.reduce((sum, node) => sum + rowsOf(node), 0),
	};
}

const daysAgo = (days: number) => nowMs - days * DAY_MS;
const actor = parseUserId("00000000-0000-7000-8000-000000000007") ?? undefined;
const targetId = "00000000-0000-7000-9000-000000000007";
const showtimeId = parseShowtimeId("00000000-0000-7000-a000-00000000000a") ?? undefined;

it.each<[string, Omit<ListAuditEventsRequest, "limit">, number]>([
	["no filter", {}, 21],
	["an actor", { actor }, 21],
	["a target", { targetId, targetType: "showtime" }, 21],
	["a showtime", { showtimeId }, 21],
	["a frequent action", { action: "movie.updated" }, 21],
	["a day half a year ago", { fromMs: daysAgo(181), toMs: daysAgo(180) }, DAY_MS / EVERY_MS + ROWS_OF_MARGINS],
	["an hour of a quiet day", { fromMs: daysAgo(181), toMs: daysAgo(181) + HOUR_MS }, 21 + ROWS_OF_MARGINS],
	["everything until half a year ago", { toMs: daysAgo(180) }, 21 + ROWS_OF_MARGINS],
	["a period before the first row", { fromMs: daysAgo(1_000), toMs: daysAgo(900) }, 0],
	[
		"a rare action within a week",
		{ action: "movie.archived", fromMs: daysAgo(107), toMs: daysAgo(100) },
		(7 * DAY_MS) / EVERY_MS + ROWS_OF_MARGINS,
	],
])("a page with %s reads through an index at most as many rows as the page and its period have", async (_name, request, rowsMax) => {
	const { indexes, rowsRead } = await explain(request);
	expect(indexes.every((index) => index.startsWith("audit_events_"))).toBe(true);
	expect(rowsRead).toBeLessThanOrEqual(rowsMax);
});

it("a rare action without a period is found by reading the whole trail", async () => {
	const { items } = await listAuditEvents(database, { limit: 20, action: "movie.archived" });
	expect(items.map(({ action }) => action)).toEqual(["movie.archived"]);
	expect((await explain({ action: "movie.archived" })).rowsRead).toBe(ROWS);
});

it("a period has exactly the rows that were recorded from its begin on and before its end", async () => {
	const all = async (fromMs: number, toMs: number) => (await listAuditEvents(database, { limit: 100, fromMs, toMs })).items;
	const [fromMs, toMs] = [daysAgo(50), daysAgo(50) + HOUR_MS];
	const items = await all(fromMs, toMs);
	expect(items.length).toBeGreaterThanOrEqual(Math.floor(HOUR_MS / EVERY_MS));
	for (const { recordedAt } of items) expect(recordedAt >= fromMs && recordedAt < toMs).toBe(true);
	const [newest, ...older] = items;
	if (newest === undefined) throw new Error("the page is empty");
	expect(await all(fromMs, newest.recordedAt)).toEqual(older);
	expect((await all(newest.recordedAt, toMs)).map(({ id }) => id)).toEqual([newest.id]);
});
