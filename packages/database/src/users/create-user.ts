/** Add a person. */
import { newUserId } from "@holdfast/domain";
import type { Database, Queries } from "../create-database.ts";
import { writeTo } from "../run-queries.ts";
import { type UserRole, users } from "../schema/index.ts";
import { type User, userColumns, userOf } from "./user.ts";

export type NewUser = {
	readonly email: string;
	/** PHC string, as `hashPassword` gives it. */
	readonly passwordHash: string;
	readonly displayName: string;
	readonly role: UserRole;
};

/** `email_taken`: an account has this address, in whatever case. */
export type CreateUserOutcome = { outcome: "created"; user: User } | { outcome: "email_taken" };

/** Add a user. Two at once with one address: exactly one is created. Called again with the same address: `email_taken`. */
export const createUser = (database: Database, user: NewUser): Promise<CreateUserOutcome> =>
	writeTo(database, "accounts", (queries) => insertUser(queries, user));

/** The same within a transaction of the caller's. */
export async function insertUser(queries: Queries, user: NewUser): Promise<CreateUserOutcome> {
	const [row] = await queries
		.insert(users)
		.values({ id: newUserId(), ...user })
		// The only constraint that can be met is the one on lower(email): the id is new.
		.onConflictDoNothing()
		.returning(userColumns);
	return row === undefined ? { outcome: "email_taken" } : { outcome: "created", user: userOf(row) };
}
