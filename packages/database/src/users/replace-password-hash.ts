/** Replaces a password hash, for instance by one with the current scrypt cost. */
import type { UserId } from "@holdfast/domain";
import { and, eq } from "drizzle-orm";
import type { Database } from "../create-database.ts";
import { writeTo } from "../run-queries.ts";
import { users } from "../schema/index.ts";

/**
 * Replaces the hash `from` with `to`, both of the same password. Returns false and changes nothing when the stored hash is no longer
 * `from`. Safe to call twice.
 */
export async function replacePasswordHash(
	database: Database,
	userId: UserId,
	{ from, to }: { from: string; to: string },
): Promise<boolean> {
	const changed = await writeTo(database, "accounts", (queries) =>
		queries
			.update(users)
			.set({ passwordHash: to })
			.where(and(eq(users.id, userId), eq(users.passwordHash, from)))
			.returning({ id: users.id }),
	);
	return changed.length > 0;
}
