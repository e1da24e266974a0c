/** Look a person up, by id or by the address they log in with. */
import type { UserId } from "@holdfast/domain";
import { eq, sql } from "drizzle-orm";
import type { Database } from "../create-database.ts";
import { users } from "../schema/index.ts";
import { type User, userColumns, userOf } from "./user.ts";

/** The user, or null. */
export async function findUser(database: Database, id: UserId): Promise<User | null> {
	const [row] = await database.run("accounts", (queries) => queries.select(userColumns).from(users).where(eq(users.id, id)));
	return row === undefined ? null : userOf(row);
}

/** The user with this address, in whatever case, and the hash to check a password against; or null. */
export async function findUserByEmail(database: Database, email: string): Promise<{ user: User; passwordHash: string } | null> {
	const [row] = await database.run("accounts", (queries) =>
		queries
			.select({ ...userColumns, passwordHash: users.passwordHash })
			.from(users)
			.where(sql`lower(${users.email}) = lower(${email})`),
	);
	return row === undefined ? null : { user: userOf(row), passwordHash: row.passwordHash };
}
