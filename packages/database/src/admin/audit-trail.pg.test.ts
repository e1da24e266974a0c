/** The audit trail is append-only, its days are closed with a digest, and a changed day is found. */
import { readFileSync } from "node:fs";
import { createTestDatabase } from "@holdfast/testing";
import { type SQL, sql } from "drizzle-orm";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { codeOf } from "../classify-error.ts";
import { createDatabase, type Database } from "../create-database.ts";
import { writeTo } from "../run-queries.ts";
import { type AuditDigest, digestAuditDay } from "./audit-digest.ts";
import { closeAuditDay } from "./close-audit-day.ts";
import { OPERATOR, recordAudit } from "./record-audit.ts";
import { verifyAuditTrail } from "./verify-audit-trail.ts";

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
/** SHA-256 of nothing. */
const EMPTY = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
const TARGET = "00000000-0000-7000-8000-000000000001";

/** As the role of the application. */
let database: Database;
/** As the owner of the tables, who may try everything. */
let owner: Database;
let url: string;
let drop: () => Promise<void>;
beforeEach(async () => {
	const test = await createTestDatabase();
	({ url, drop } = test);
	database = createDatabase({ url });
	owner = createDatabase({ url: test.ownerUrl });
});
afterEach(async () => {
	await Promise.all([database.close(), owner.close()]);
	await drop();
});

const run = (statement: SQL) => writeTo(owner, "settling", (queries) => queries.execute(statement));
/** Adds `count` rows that were recorded at this instant. */
const add = (recordedAt: string, count = 1) =>
	run(sql`insert into audit_events (at, recorded_at, action, target_type, target_id, before, after, reason)
		select ${recordedAt}, ${recordedAt}, 'movie.updated', 'movie', ${TARGET}, '{"title": "Ä"}', jsonb_build_object('n', n), 'because "of" it'
		from generate_series(1, ${count}) n`);

/** Closes every day that is due at this instant; returns the outcomes with their days, and what was reported. */
async function closeAll(now: string, handle = database) {
	const reported: AuditDigest[] = [];
	const onClosing = (digest: AuditDigest) => void reported.push(digest);
	for (;;) {
		const { outcome } = await closeAuditDay(handle, { onClosing, nowMs: Date.parse(now) });
		if (outcome !== "closed") return { outcome, reported };
	}
}

const stored = () => run(sql`select day::text, count, sha256 from audit_digests order by day`);

/** Does what the owner of the database can do: changes rows while the triggers are disabled. */
async function asOwner(statement: SQL): Promise<void> {
	for (const table of ["audit_events", "audit_digests"]) await run(sql.raw(`alter table ${table} disable trigger all`));
	await run(statement);
	for (const table of ["audit_events", "audit_digests"]) await run(sql.raw(`alter table ${table} enable trigger all`));
}

describe.each(["audit_events", "audit_digests"])("the table %s", (table) => {
	it.each([
		`update ${table} set ${table === "audit_events" ? "reason = 'none'" : "count = 0"}`,
		`delete from ${table}`,
		`delete from ${table} where false`,
		`truncate ${table}`,
	])("refuses the statement %s with SQLSTATE 23001", async (statement) => {
		await add("2031-04-06T12:00:00Z");
		await closeAll("2031-04-08T00:00:00Z");
		const error: unknown = await run(sql.raw(statement)).catch((thrown: unknown) => thrown);
		expect([codeOf(error), Object(error).message]).toEqual(["23001", `rows of ${table} are never changed or deleted`]);
	});
});

describe("closeAuditDay", () => {
	it("closes the days that are over in order, days without rows too, and leaves the running day open", async () => {
		await add("2031-04-06T23:59:59.999Z", 2);
		await add("2031-04-08T00:00:00Z");
		await add("2031-04-09T10:00:00Z");
		const { reported, outcome } = await closeAll("2031-04-09T12:00:00Z");
		expect(reported.map(({ day, count }) => [day, count])).toEqual([
			["2031-04-06", 2],
			["2031-04-07", 0],
			["2031-04-08", 1],
		]);
		expect([reported[1]?.sha256, outcome]).toEqual([EMPTY, "none_due"]);
		expect(await stored()).toEqual(reported);
		expect(await closeAll("2031-04-09T12:00:00Z")).toEqual({ reported: [], outcome: "none_due" });
	});

	it("closes nothing while the trail is empty", async () => {
		expect(await closeAll("2031-04-09T12:00:00Z")).toEqual({ reported: [], outcome: "none_due" });
	});

	it("closes a day one hour after it ended in UTC, and not a millisecond earlier, whatever the time zone of the session", async () => {
		await add("2031-04-06T00:00:00Z");
		await add("2031-04-06T23:59:59.999Z");
		const inAuckland = new URL(url);
		inAuckland.searchParams.set("options", "-c timezone=Pacific/Auckland");
		const handle = createDatabase({ url: inAuckland.href });
		expect((await closeAll("2031-04-07T00:59:59.999Z", handle)).reported).toEqual([]);
		const { reported } = await closeAll("2031-04-07T01:00:00.000Z", handle);
		await handle.close();
		expect(reported.map(({ day, count }) => [day, count])).toEqual([["2031-04-06", 2]]);
		expect(reported).toEqual([await digestAuditDay(database, "2031-04-06")]);
	});

	it("uses the clock of Postgres by default", async () => {
		const recordedAt = new Date(Date.now() - 2 * DAY_MS);
		await add(recordedAt.toISOString());
		const { outcome } = await closeAuditDay(database, { onClosing: () => {} });
		expect(outcome).toBe("closed");
	});

	it("writes one digest and reports it once when two processes close the same day", async () => {
		await add("2031-04-06T12:00:00Z", 20);
		const reported: string[] = [];
		const close = () =>
			closeAuditDay(database, { onClosing: ({ day }) => void reported.push(day), nowMs: Date.parse("2031-04-07T12:00:00Z") });
		const outcomes = await Promise.all([close(), close()]);
		expect(outcomes.map(({ outcome }) => outcome).toSorted()).toEqual(["closed", "closed_elsewhere"]);
		expect([reported, (await stored()).length]).toEqual([["2031-04-06"], 1]);
	});

	it("writes nothing when the report fails, and closes the day at the next call", async () => {
		await add("2031-04-06T12:00:00Z");
		const nowMs = Date.parse("2031-04-07T12:00:00Z");
		const onClosing = () => {
			throw new Error("the process was killed");
		};
		await expect(closeAuditDay(database, { onClosing, nowMs })).rejects.toThrow("killed");
		expect(await stored()).toEqual([]);
		expect((await closeAll("2031-04-07T12:00:00Z")).reported).toHaveLength(1);
	});

	it("waits for a transaction that wrote before midnight and has not ended, and counts its row once it has", async () => {
		await add("2031-04-06T12:00:00Z");
		let commit = () => {};
		const committing = new Promise<void>((resolve) => {
			commit = resolve;
		});
		let hasWritten = () => {};
		const writing = new Promise<void>((resolve) => {
			hasWritten = resolve;
		});
		const open = writeTo(database, "rebuilding", (queries) =>
			queries.transaction(async (tx) => {
				await tx.execute(sql`insert into audit_events (at, recorded_at, action, target_type, target_id)
					values ('2031-04-06T23:59:59Z', '2031-04-06T23:59:59Z', 'movie.updated', 'movie', ${TARGET})`);
				hasWritten();
				await committing;
			}),
		);
		await writing;
		expect(await closeAll("2031-04-07T12:00:00Z")).toEqual({ reported: [], outcome: "writers_running" });
		commit();
		await open;
		expect((await closeAll("2031-04-07T12:00:00Z")).reported.map(({ count }) => count)).toEqual([2]);
	});

	it("gets a row of a transaction that began before midnight and wrote after it into the day of the write", async () => {
		await writeTo(database, "rebuilding", (queries) =>
			queries.transaction(async (tx) => {
				const [began] = await tx.execute<{ at: string }>(sql`select now()::text as at, pg_sleep(0.05)`);
				await recordAudit(tx, OPERATOR, [{ action: "movie.updated", target: { type: "movie", id: TARGET }, before: null, after: null }]);
				const [row] = await tx.execute<{ later: boolean }>(
					sql`select recorded_at > ${began?.at}::timestamptz + interval '40 ms' as later from audit_events`,
				);
				expect(row?.later).toBe(true);
			}),
		);
	});
});

describe("digestAuditDay", () => {
	it.each([0, 1, 5_000, 5_001])("returns for %i rows of one instant what the statement in docs/security.md returns", async (count) => {
		if (count > 0) await add("2031-04-06T12:00:00.123Z", count);
		await add("2031-04-07T00:00:00Z");
		const page = readFileSync(new URL("../../../../docs/security.md", import.meta.url), "utf8");
		const statement = /```sql\n(select count[\s\S]*?)```/.exec(page)?.[1] ?? "";
		const [documented] = await run(sql.raw(statement));
		expect(await digestAuditDay(database, "2031-04-06")).toEqual({ day: "2031-04-06", count, sha256: documented?.sha256 });
		expect(Number(documented?.count)).toBe(count);
	});

	it.each(["at", "actor", "action", "target_type", "target_id", "showtime_id", "before", "after", "reason", "request_id"])(
		"depends on the column %s",
		async (column) => {
			await add("2031-04-06T12:00:00Z");
			const values: Record<string, string> = {
				at: "at + interval '1 ms'",
				action: "'movie.created'",
				target_type: "'user'",
				before: "null",
				after: `'{"n": 2}'`,
				reason: "'none'",
				request_id: "'x'",
			};
			const before = await digestAuditDay(database, "2031-04-06");
			await asOwner(sql.raw(`update audit_events set ${column} = ${values[column] ?? "gen_random_uuid()"}`));
			expect((await digestAuditDay(database, "2031-04-06")).sha256).not.toBe(before.sha256);
		},
	);
});

describe("verifyAuditTrail", () => {
	const check = async () => {
		const outcomes = [];
		for await (const { outcome } of verifyAuditTrail(database)) outcomes.push(outcome);
		return outcomes;
	};
	const row = (recordedAt: string) =>
		sql`insert into audit_events (id, at, recorded_at, action, target_type, target_id)
			values (gen_random_uuid(), now(), ${recordedAt}, 'movie.updated', 'movie', ${TARGET})`;

	it.each<[string, SQL, string[]]>([
		["nothing was changed", sql`select 1`, ["same", "same", "same"]],
		["a row was changed", sql`update audit_events set reason = 'none' where recorded_at < '2031-04-07'`, ["differs", "same", "same"]],
		["a row was removed", sql`delete from audit_events where recorded_at > '2031-04-08'`, ["same", "same", "differs"]],
		["a row was added to a closed day", row("2031-04-07T12:00:00Z"), ["same", "differs", "same"]],
		["a row was added before the first day", row("2031-04-05T12:00:00Z"), ["too_early", "same", "same", "same"]],
		["a row was added to a day that is not closed", row("2031-04-09T12:00:00Z"), ["same", "same", "same"]],
		["a digest was removed", sql`delete from audit_digests where day = '2031-04-07'`, ["same", "not_closed", "same"]],
		["a digest was changed", sql`update audit_digests set count = 2 where day = '2031-04-08'`, ["same", "same", "differs"]],
	])("finds the difference when %s by the owner of the database, with the triggers disabled", async (_what, statement, outcomes) => {
		await add("2031-04-06T12:00:00Z");
		await add("2031-04-08T12:00:00Z");
		await closeAll("2031-04-09T01:00:00Z");
		await asOwner(statement);
		expect(await check()).toEqual(outcomes);
	});
});
