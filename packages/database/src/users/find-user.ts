/** Look a person up, by id or by the address they log in with. */
import type { UserId } from "@holdfast/domain";
import { assert } from "@holdfast/runtime";
import { and, eq, isNull, sql } from "drizzle-orm";
import type { Database } from "../create-database.ts";
import { readFrom } from "../run-queries.ts";
import { users } from "../schema/index.ts";
import { type User, userColumns, userOf } from "./user.ts";

/** The user; null when there is none, or the account was deleted or is being deleted. */
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
 * The user with this address, in whatever case, and the hash to check a password against; or null. A user whose account is being
 * deleted is found too: the address is taken until then, and `openRefreshFamily` refuses the sign-in.
 */
export async function findUserByEmail(database: Database, email: string): Promise<{ user: User; passwordHash: string } | null> {
	const [row] = await readFrom(database, "accounts", (queries) =>
		queries
			.select({ ...userColumns, passwordHash: users.passwordHash })
			.from(users)
			.where(sql`lower(${users.email}) = lower(${email})`),
	);
	if (row === undefined) return null;
	assert(row.passwordHash !== null, "a user with an address has a password hash");
	return { user: userOf(row), passwordHash: row.passwordHash };
}
