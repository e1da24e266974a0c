/** Creates users. */
import { newUserId } from "@holdfast/domain";
import type { Database, Queries } from "../create-database.ts";
import { writeTo } from "../run-queries.ts";
import { type UserRole, users } from "../schema/index.ts";
import { type User, userColumns, userOf } from "./user.ts";

/** The fields of a user to create. */
export type NewUser = {
	readonly email: string;
	/** PHC string, as `hashPassword` returns it. */
	readonly passwordHash: string;
	readonly displayName: string;
	readonly role: UserRole;
};

/** `email_taken`: an account already has this e-mail, in any letter case. */
export type CreateUserOutcome = { outcome: "created"; user: User } | { outcome: "email_taken" };

/**
 * Creates a user. Of concurrent calls with one e-mail, exactly one creates a user. A second call with the same e-mail returns
 * `email_taken`.
 */
export const createUser = (database: Database, user: NewUser): Promise<CreateUserOutcome> =>
	writeTo(database, "accounts", (queries) => insertUser(queries, user));

/** Creates a user within the caller's transaction, with the same outcomes as `createUser`. */
export async function insertUser(queries: Queries, user: NewUser): Promise<CreateUserOutcome> {
	const [row] = await queries
		.insert(users)
		.values({ id: newUserId(), ...user })
		// The id is new, so the unique index on lower(email) is the only constraint that can conflict.
		.onConflictDoNothing()
		.returning(userColumns);
	return row === undefined ? { outcome: "email_taken" } : { outcome: "created", user: userOf(row) };
}
