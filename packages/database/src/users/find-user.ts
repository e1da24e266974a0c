/** Finds a user by id, or by the e-mail for signing in. */
import type { UserId } from "@holdfast/domain";
import { assert } from "@holdfast/runtime";
import { and, eq, isNull, sql } from "drizzle-orm";
import type { Database } from "../create-database.ts";
import { readFrom } from "../run-queries.ts";
import { users } from "../schema/index.ts";
import { type User, userColumns, userOf } from "./user.ts";

/** Returns the user; null when the user does not exist, or the account was deleted or is being deleted. */
export async function findUser(database: Database, id: UserId): Promise<User | null> {
	const [row] = await readFrom(database, "accounts", (queries) =>
		queries
			.select(userColumns)
			.from(users)
			.where(and(eq(users.id, id), isNull(users.deletionStartedAt))),
	);
	return row === undefined ? null : userOf(row);
}

/**
 * Returns the user with this e-mail, in any letter case, and the password hash; null when no user has this e-mail. Also returns a user
 * whose account is being deleted: the e-mail is still taken, and `openRefreshFamily` refuses the sign-in.
 */
export async function findUserByEmail(database: Database, email: string): Promise<{ user: User; passwordHash: string } | null> {
	const [row] = await readFrom(database, "accounts", (queries) =>
		queries
			.select({ ...userColumns, passwordHash: users.passwordHash })
			.from(users)
			.where(sql`lower(${users.email}) = lower(${email})`),
	);
	if (row === undefined) return null;
	assert(row.passwordHash !== null, `user ${row.id} has an e-mail but no password hash`);
	return { user: userOf(row), passwordHash: row.passwordHash };
}
