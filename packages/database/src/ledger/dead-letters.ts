/**
 * Entries that could not be settled, and what a person does about them: look, mend the cause, put the fields into the
 * outbox again, and resolve the letter. A replayed entry is a new entry with an old counter: it raises no alarm, and what the
 * ledger already has, or has a later version of, it does not write.
 */
import { and, asc, desc, eq, isNull, sql } from "drizzle-orm";
import type { Database, Queries } from "../create-database.ts";
import { readFrom, writeTo } from "../run-queries.ts";
import { deadLetters } from "../schema/index.ts";
import type { DeadEntry } from "./judged-entry.ts";

export type DeadLetterKey = { readonly bucket: number; readonly entryId: string };

export type DeadLetter = DeadLetterKey & {
	/** The entry's fields as they stood in the stream. */
	readonly raw: Readonly<Record<string, string>>;
	/** Why, for a program: a word of `find-flaw.ts`, or the SQLSTATE that Postgres answered. */
	readonly errorCode: string;
	/** Why, for a person. */
	readonly errorMessage: string;
	/** Epoch ms. */
	readonly createdAt: number;
	/** Epoch ms; null while it waits for a person. */
	readonly resolvedAt: number | null;
};

/** Those that wait for a person, or all of them; the oldest first, at most `limit`. */
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

/** The letter, resolved or not; or null. */
export async function findDeadLetter(database: Database, key: DeadLetterKey): Promise<DeadLetter | null> {
	const [row] = await readFrom(database, "upkeep", (queries) => queries.select().from(deadLetters).where(isLetter(key)));
	return row === undefined ? null : deadLetterOf(row);
}

/** Note that it was dealt with. Gives whether it waited until now: the second time, and for an unknown one, false. */
export function resolveDeadLetter(database: Database, key: DeadLetterKey): Promise<boolean> {
	return writeTo(database, "upkeep", async (queries) => {
		const isOpen = and(isLetter(key), isNull(deadLetters.resolvedAt));
		const resolved = await queries
			.update(deadLetters)
			.set({ resolvedAt: sql`now()` })
			.where(isOpen)
			.returning({ key: deadLetters.entryId });
		return resolved.length > 0;
	});
}

/** Bury entries; one that was buried before stays as it is, resolved or not. Part of settling. */
export async function insertDeadLetters(tx: Queries, bucket: number, dead: readonly DeadEntry[]): Promise<void> {
	if (dead.length === 0) return;
	const rows = dead.map(({ entry: { entryId, raw }, code, message }) => ({ bucket, entryId, raw, errorCode: code, errorMessage: message }));
	await tx.insert(deadLetters).values(rows).onConflictDoNothing();
}

/** Letters of a bucket that a rebuild is told of: an older one is told again, and buried again. */
const BURIED_MAX = 1_000;

/** Ids of the latest entries of a bucket that were buried, resolved or not. Part of a rebuild. */
export async function listDeadLetteredEntries(queries: Queries, bucket: number): Promise<string[]> {
	const rows = await queries
		.select({ entryId: deadLetters.entryId })
		.from(deadLetters)
		.where(eq(deadLetters.bucket, bucket))
		.orderBy(desc(deadLetters.createdAt), desc(deadLetters.entryId))
		.limit(BURIED_MAX);
	return rows.map(({ entryId }) => entryId);
}

const isLetter = ({ bucket, entryId }: DeadLetterKey) => and(eq(deadLetters.bucket, bucket), eq(deadLetters.entryId, entryId));

function deadLetterOf({ createdAt, resolvedAt, ...row }: typeof deadLetters.$inferSelect): DeadLetter {
	return { ...row, createdAt: createdAt.getTime(), resolvedAt: resolvedAt?.getTime() ?? null };
}
