/** Computes the digest of one day of the audit trail. docs/security.md describes the bytes, so that another program can do the same. */
import { createHash } from "node:crypto";
import { type SQL, sql } from "drizzle-orm";
import type { Database } from "../create-database.ts";
import { writeTo } from "../run-queries.ts";
import { auditEvents } from "../schema/index.ts";

/** A day of the trail in UTC (`2031-04-06`), by `recorded_at`: its number of rows, and its SHA-256 in hexadecimal digits. */
export type AuditDigest = { readonly day: string; readonly count: number; readonly sha256: string };

/** Rows per query. Bounds the memory of Postgres and of this process: 64 digits of a row are sent. */
const ROWS_PER_QUERY = 5_000;

const PLANS_FORBIDDEN = "array['enable_seqscan', 'enable_bitmapscan', 'enable_sort']";

/** The text of one row. `jsonb` writes a value in exactly one way, and instants are epoch milliseconds: no setting changes the text. */
const ROW_TEXT = sql.raw(`jsonb_build_array(id, (extract(epoch from at) * 1000)::bigint, (extract(epoch from recorded_at) * 1000)::bigint,
	actor, action, target_type, target_id, showtime_id, before, after, reason, request_id)::text`);

/** Returns the instant at which a day of the form `2031-04-06` begins. */
export const startOfDay = (day: string): SQL => sql`(${day}::date::timestamp at time zone 'UTC')`;

/**
 * Reads the rows of the day in order and returns their digest; a day without rows has one too. Takes seconds for a million rows, in short
 * queries: call it for a day to which no row is added any more. Changes nothing.
 */
export async function digestAuditDay(database: Database, day: string): Promise<AuditDigest> {
	const hash = createHash("sha256");
	let count = 0;
	let after = { recordedMs: -1, id: "00000000-0000-0000-0000-000000000000" };
	for (;;) {
		const part = await readPart(database, day, after);
		if (part.count === 0) return { day, count, sha256: hash.digest("hex") };
		hash.update(Buffer.from(part.hashes, "hex"));
		count += part.count;
		after = { recordedMs: part.recordedMs, id: part.id };
	}
}

type Part = { readonly count: number; readonly hashes: string; readonly recordedMs: number; readonly id: string };

/**
 * Returns the SHA-256 of each of the next rows, concatenated, and the position of the last row. Forbids the plans that read and sort the
 * rest of the day for each part: Postgres prefers them while it believes that the day has few rows, right after many were added.
 */
async function readPart(database: Database, day: string, after: Pick<Part, "recordedMs" | "id">): Promise<Part> {
	const afterTime = sql`to_timestamp(${after.recordedMs}::float8 / 1000)`;
	const [row] = await writeTo(database, "upkeep", (queries) =>
		queries.transaction(async (tx) => {
			await tx.execute(sql`select set_config(name, 'off', true) from unnest(${sql.raw(PLANS_FORBIDDEN)}) as name`);
			return tx.execute<Part>(sql`
				with part as (
					select recorded_at, id, sha256(convert_to(${ROW_TEXT}, 'UTF8')) as hash from ${auditEvents}
					where recorded_at >= greatest(${startOfDay(day)}, ${afterTime}) and recorded_at < ${startOfDay(day)} + interval '24 hours'
						and (recorded_at, id) > (${afterTime}, ${after.id}::uuid)
					order by recorded_at, id limit ${ROWS_PER_QUERY}
				), last as (select recorded_at, id from part order by recorded_at desc, id desc limit 1)
				select count(*)::integer as count, coalesce(encode(string_agg(hash, ''::bytea order by recorded_at, id), 'hex'), '') as hashes,
					coalesce((select extract(epoch from recorded_at) * 1000 from last), 0)::float8 as "recordedMs",
					coalesce((select id from last)::text, '') as id
				from part`);
		}),
	);
	if (row === undefined) throw new Error("an aggregate returned no row");
	return row;
}
