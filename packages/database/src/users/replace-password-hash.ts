/** Store a password's hash anew, at today's cost. */
import type { UserId } from "@holdfast/domain";
import { and, eq } from "drizzle-orm";
import type { Database } from "../create-database.ts";
import { writeTo } from "../run-queries.ts";
import { users } from "../schema/index.ts";

/** Replaces `from` by `to`, both of the same password; false when it is `from` no more. Safe to call twice. */
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
