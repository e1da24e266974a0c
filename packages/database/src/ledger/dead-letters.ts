/**
 * Lists, finds and resolves dead letters: outbox entries that could not be settled. An operator reads the dead letter, fixes the cause,
 * appends the fields to the outbox again, and resolves the dead letter. A replayed entry is a new entry with an old sequence number.
 * The old number raises no alarm, and the entry changes no booking of which the ledger already has the same or a later version.
 */
import { parseShowtimeId } from "@holdfast/domain";
import { and, asc, count, desc, eq, isNull, sql } from "drizzle-orm";
import { type AuditOrigin, recordAudit } from "../admin/record-audit.ts";
import type { Database, Queries } from "../create-database.ts";
import { readFrom, writeTo } from "../run-queries.ts";
import { deadLetters } from "../schema/index.ts";
import type { DeadLetterEntry } from "./sorted-entry.ts";

/** Identifies a dead letter: the bucket and the id of the entry in its outbox stream. */
export type DeadLetterKey = { readonly bucket: number; readonly entryId: string };

/** An outbox entry that could not be settled, with the reason. */
export type DeadLetter = DeadLetterKey & {
	/** A UUID, for paths and the audit trail. */
	readonly id: string;
	/** The fields of the entry, as they were in the stream. */
	readonly raw: Readonly<Record<string, string>>;
	/** The reason, for programs: a code of `find-entry-error.ts` or `sort-entries.ts`, or the SQLSTATE that Postgres returned. */
	readonly errorCode: string;
	/** The reason, for operators. */
	readonly errorMessage: string;
	/** Epoch ms. */
	readonly createdAt: number;
	/** Epoch ms; null until an operator has resolved the dead letter. */
	readonly resolvedAt: number | null;
};

/** Returns the unresolved dead letters, or all with `includeResolved`; the oldest first, at most `limit`. */
export function listDeadLetters(
	database: Database,
	{ includeResolved = false, limit }: { readonly includeResolved?: boolean; readonly limit: number },
): Promise<DeadLetter[]> {
	return readFrom(database, "administration", async (queries) => {
		const rows = await queries
			.select()
			.from(deadLetters)
			.where(includeResolved ? undefined : isNull(deadLetters.resolvedAt))
			.orderBy(asc(deadLetters.createdAt), asc(deadLetters.bucket), asc(deadLetters.entryId))
			.limit(limit);
		return rows.map(deadLetterOf);
	});
}

/** Returns how many dead letters are unresolved. */
export async function countDeadLetters(database: Database): Promise<number> {
	const isUnresolved = isNull(deadLetters.resolvedAt);
	const [row] = await readFrom(database, "administration", (queries) =>
		queries.select({ count: count() }).from(deadLetters).where(isUnresolved),
	);
	return row?.count ?? 0;
}

/** Returns the dead letter with this key or id, resolved or not; null when it does not exist. */
export async function findDeadLetter(database: Database, key: DeadLetterKey | { readonly id: string }): Promise<DeadLetter | null> {
	const isWanted = "id" in key ? eq(deadLetters.id, key.id) : hasKey(key);
	const [row] = await readFrom(database, "administration", (queries) => queries.select().from(deadLetters).where(isWanted));
	return row === undefined ? null : deadLetterOf(row);
}

/** How a dead letter was resolved. `replayed`: its entry was put back into the outbox. `discarded`: it was not. */
export type DeadLetterResolution = { readonly how: "replayed" | "discarded"; readonly origin: AuditOrigin };

/**
 * Marks the dead letter as resolved and writes the audit row, all or nothing. Returns false, and writes nothing, when it was resolved
 * before or does not exist. Safe to call twice.
 */
export function resolveDeadLetter(database: Database, key: DeadLetterKey, { how, origin }: DeadLetterResolution): Promise<boolean> {
	return writeTo(database, "administration", (queries) =>
		queries.transaction(async (tx) => {
			const [resolved] = await tx
				.update(deadLetters)
				.set({ resolvedAt: sql`now()` })
				.where(and(hasKey(key), isNull(deadLetters.resolvedAt)))
				.returning({ id: deadLetters.id, raw: deadLetters.raw });
			if (resolved === undefined) return false;
			const showtimeId = parseShowtimeId(resolved.raw.showtimeId ?? "");
			const target = { type: "dead_letter", id: resolved.id } as const;
			const change = { before: { resolved: false }, after: { resolved: true } };
			await recordAudit(tx, origin, [{ action: `dead_letter.${how}`, target, ...(showtimeId && { showtimeId }), ...change }]);
			return true;
		}),
	);
}

/** Inserts dead letters within the transaction of settling. Existing dead letters stay unchanged, resolved or not. */
export async function insertDeadLetters(tx: Queries, bucket: number, entries: readonly DeadLetterEntry[]): Promise<void> {
	if (entries.length === 0) return;
	const rows = entries.map(({ entry: { entryId, raw }, code, message }) => ({
		bucket,
		entryId,
		raw,
		errorCode: code,
		errorMessage: message,
	}));
	await tx.insert(deadLetters).values(rows).onConflictDoNothing();
}

/**
 * The maximum number of dead letters of a bucket that a rebuild gets. The rebuild emits the event of an older one again, and settling
 * dead-letters it again.
 */
const DEAD_LETTERED_MAX = 1_000;

/** Returns the entry ids of the latest dead letters of a bucket, resolved or not, within the transaction of a rebuild. */
export async function listDeadLetteredEntries(queries: Queries, bucket: number): Promise<string[]> {
	const rows = await queries
		.select({ entryId: deadLetters.entryId })
		.from(deadLetters)
		.where(eq(deadLetters.bucket, bucket))
		.orderBy(desc(deadLetters.createdAt), desc(deadLetters.entryId))
		.limit(DEAD_LETTERED_MAX);
	return rows.map(({ entryId }) => entryId);
}

const hasKey = ({ bucket, entryId }: DeadLetterKey) => and(eq(deadLetters.bucket, bucket), eq(deadLetters.entryId, entryId));

function deadLetterOf({ createdAt, resolvedAt, ...row }: typeof deadLetters.$inferSelect): DeadLetter {
	return { ...row, createdAt: createdAt.getTime(), resolvedAt: resolvedAt?.getTime() ?? null };
}
