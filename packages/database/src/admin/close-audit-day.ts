/**
 * Closes days of the audit trail: writes the digest of a day that is over. A day is closed an hour after it ended, in UTC, so that its
 * transactions have ended. A transaction that is still running then is waited for.
 */
import { setTimeout as delay } from "node:timers/promises";
import { sql } from "drizzle-orm";
import type { Database } from "../create-database.ts";
import { readFrom, writeTo } from "../run-queries.ts";
import { auditDigests, auditEvents } from "../schema/index.ts";
import { type AuditDigest, digestAuditDay } from "./audit-digest.ts";

/** A day is closed this long after it ended. */
export const CLOSE_AFTER_MS = 3_600_000;
/** How long to wait for running transactions, and how often they are looked for. Ours take seconds at most. */
const WRITERS_WAIT_MAX_MS = 2_000;
const WRITERS_POLL_MS = 50;

/**
 * `closed`: this call wrote the digest. `closed_elsewhere`: another process was faster. `none_due`: every day that is over is closed, or the
 * trail is empty. `writers_running`: a transaction that may have written rows of this day has not ended; nothing was written.
 */
export type CloseAuditDayOutcome =
	| { readonly outcome: "closed" | "closed_elsewhere"; readonly digest: AuditDigest }
	| { readonly outcome: "writers_running"; readonly day: string }
	| { readonly outcome: "none_due" };

/** `onClosing` is called before COMMIT: a digest is reported at least once. `nowMs`: for tests; default: the clock of Postgres. */
export type CloseAuditDayOptions = { readonly onClosing: (digest: AuditDigest) => void; readonly nowMs?: number };

/** Closes the earliest day that is due. Days without rows are closed too, from the day of the first row on. Safe beside other processes. */
export async function closeAuditDay(database: Database, { onClosing, nowMs }: CloseAuditDayOptions): Promise<CloseAuditDayOutcome> {
	const day = await findDueDay(database, nowMs);
	if (day === null) return { outcome: "none_due" };
	if (!(await haveWritersEnded(database))) return { outcome: "writers_running", day };
	const digest = await digestAuditDay(database, day);
	return writeTo(database, "upkeep", (queries) =>
		queries.transaction(async (tx): Promise<CloseAuditDayOutcome> => {
			const written = await tx.insert(auditDigests).values(digest).onConflictDoNothing().returning({ day: auditDigests.day });
			if (written.length === 0) return { outcome: "closed_elsewhere", digest };
			onClosing(digest);
			return { outcome: "closed", digest };
		}),
	);
}

async function findDueDay(database: Database, nowMs: number | undefined): Promise<string | null> {
	const now = nowMs === undefined ? sql`now()` : sql`to_timestamp(${nowMs}::float8 / 1000)`;
	const [row] = await readFrom(database, "upkeep", (queries) =>
		queries.execute<{ day: string }>(sql`
			with next as (select coalesce((select max(day) + 1 from ${auditDigests}),
				(select (min(recorded_at) at time zone 'UTC')::date from ${auditEvents})) as day)
			select day::text from next
			where (day + 1)::timestamp at time zone 'UTC' + make_interval(secs => ${CLOSE_AFTER_MS / 1000}) <= ${now}`),
	);
	return row?.day ?? null;
}

/**
 * Waits until every transaction has ended that has written to the trail by now. Rows get `recorded_at` when they are inserted, so later
 * transactions add no row of a day that is over. A transaction keeps its lock on the table until it ends, and every role may read the locks.
 */
async function haveWritersEnded(database: Database): Promise<boolean> {
	const first = await listWriters(database);
	for (let waitedMs = 0; waitedMs <= WRITERS_WAIT_MAX_MS; waitedMs += WRITERS_POLL_MS) {
		const running = new Set(await listWriters(database));
		if (!first.some((writer) => running.has(writer))) return true;
		await delay(WRITERS_POLL_MS);
	}
	return false;
}

async function listWriters(database: Database): Promise<string[]> {
	const rows = await readFrom(database, "upkeep", (queries) =>
		queries.execute<{ writer: string }>(sql`
			select virtualtransaction as writer from pg_locks
			where relation = 'audit_events'::regclass and mode = 'RowExclusiveLock' and granted
				and database = (select oid from pg_database where datname = current_database())`),
	);
	return rows.map(({ writer }) => writer);
}
