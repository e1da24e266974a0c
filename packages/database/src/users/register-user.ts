/** Register a person and sign them in, both or neither. */
import type { Database } from "../create-database.ts";
import { writeTo } from "../run-queries.ts";
import { insertUser, type NewUser } from "./create-user.ts";
import { insertRefreshFamily, type OpenedFamily } from "./open-refresh-family.ts";
import type { User } from "./user.ts";

/** `email_taken`: an account has this address, in whatever case. */
export type RegisterUserOutcome = { outcome: "registered"; user: User; family: OpenedFamily } | { outcome: "email_taken" };

/**
 * Of two at once with one address exactly one is registered. Throws `DatabaseOutcomeUnknown` when Postgres was lost in the middle:
 * called again, it is `email_taken` if it had happened.
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
