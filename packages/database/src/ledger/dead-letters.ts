/**
 * Lists, finds and resolves dead letters: outbox entries that could not be settled. An operator reads the dead letter, fixes the cause,
 * appends the fields to the outbox again, and resolves the dead letter. A replayed entry is a new entry with an old sequence number.
 * The old number raises no alarm, and the entry changes no booking of which the ledger already has the same or a later version.
 */
import { and, asc, desc, eq, isNull, sql } from "drizzle-orm";
import type { Database, Queries } from "../create-database.ts";
import { readFrom, writeTo } from "../run-queries.ts";
import { deadLetters } from "../schema/index.ts";
import type { DeadLetterEntry } from "./sorted-entry.ts";

/** Identifies a dead letter: the bucket and the id of the entry in its outbox stream. */
export type DeadLetterKey = { readonly bucket: number; readonly entryId: string };

/** An outbox entry that could not be settled, with the reason. */
export type DeadLetter = DeadLetterKey & {
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
	return readFrom(database, "upkeep", async (queries) => {
		const rows = await queries
			.select()
			.from(deadLetters)
			.where(includeResolved ? undefined : isNull(deadLetters.resolvedAt))
			.orderBy(asc(deadLetters.createdAt), asc(deadLetters.bucket), asc(deadLetters.entryId))
			.limit(limit);
		return rows.map(deadLetterOf);
	});
}

/** Returns the dead letter, resolved or not; null when it does not exist. */
export async function findDeadLetter(database: Database, key: DeadLetterKey): Promise<DeadLetter | null> {
	const [row] = await readFrom(database, "upkeep", (queries) => queries.select().from(deadLetters).where(hasKey(key)));
	return row === undefined ? null : deadLetterOf(row);
}

/** Marks the dead letter as resolved. Returns false when it was resolved before or does not exist. Safe to call twice. */
export function resolveDeadLetter(database: Database, key: DeadLetterKey): Promise<boolean> {
	return writeTo(database, "upkeep", async (queries) => {
		const isUnresolved = and(hasKey(key), isNull(deadLetters.resolvedAt));
		const resolved = await queries
			.update(deadLetters)
			.set({ resolvedAt: sql`now()` })
			.where(isUnresolved)
			.returning({ key: deadLetters.entryId });
		return resolved.length > 0;
	});
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
