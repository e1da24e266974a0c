/** Finds a user by id, or by the e-mail for signing in. */
import type { UserId } from "@holdfast/domain";
import { assert } from "@holdfast/runtime";
import { and, eq, isNull, type SQL, sql } from "drizzle-orm";
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

/** A user and the PHC string of the password. */
export type UserWithPassword = { readonly user: User; readonly passwordHash: string };

/**
 * Returns the user with this e-mail, in any letter case, and the password hash; null when no user has this e-mail. Also returns a user
 * who is blocked or whose account is being deleted: the e-mail is still taken, and `openRefreshFamily` refuses the sign-in.
 */
export const findUserByEmail = (database: Database, email: string): Promise<UserWithPassword | null> =>
	findWithPassword(database, sql`lower(${users.email}) = lower(${email})`);

/** Returns the user and the password hash; null when the user cannot sign in: deleted, being deleted, or blocked. */
export const findUserWithPassword = (database: Database, id: UserId): Promise<UserWithPassword | null> =>
	findWithPassword(database, and(eq(users.id, id), isNull(users.deletionStartedAt), isNull(users.blockedAt)));

async function findWithPassword(database: Database, condition: SQL | undefined): Promise<UserWithPassword | null> {
	const [row] = await readFrom(database, "accounts", (queries) =>
		queries
			.select({ ...userColumns, passwordHash: users.passwordHash })
			.from(users)
			.where(condition),
	);
	if (row === undefined) return null;
	assert(row.passwordHash !== null, `user ${row.id} has an e-mail but no password hash`);
	return { user: userOf(row), passwordHash: row.passwordHash };
}
