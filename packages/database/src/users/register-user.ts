/** Registers a user and signs the user in, in one transaction. */
import type { Database } from "../create-database.ts";
import { writeTo } from "../run-queries.ts";
import { insertUser, type NewUser } from "./create-user.ts";
import { insertRefreshFamily, type OpenedFamily } from "./open-refresh-family.ts";
import type { User } from "./user.ts";

/** `email_taken`: an account already has this e-mail, in any letter case. */
export type RegisterUserOutcome = { outcome: "registered"; user: User; family: OpenedFamily } | { outcome: "email_taken" };

/**
 * Creates the user and opens a family of refresh tokens. Of concurrent calls with one e-mail, exactly one registers. Throws
 * `DatabaseOutcomeUnknown` when the connection to Postgres is lost during the call; a retry then returns `email_taken` if the first call
 * was committed.
 */
export async function registerUser(database: Database, newUser: NewUser): Promise<RegisterUserOutcome> {
	return writeTo(database, "accounts", (queries) =>
		queries.transaction(async (tx) => {
			const made = await insertUser(tx, newUser);
			if (made.outcome !== "created") return made;
			return { outcome: "registered", user: made.user, family: await insertRefreshFamily(tx, made.user.id) };
		}),
	);
}
