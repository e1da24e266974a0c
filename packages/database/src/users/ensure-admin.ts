/** Ensures that an admin with a given e-mail and password exists. This is how a system gets its first admin. */
import { createPasswords } from "@holdfast/runtime";
import { and, eq, isNotNull } from "drizzle-orm";
import type { Database } from "../create-database.ts";
import { writeTo } from "../run-queries.ts";
import { refreshFamilies, users } from "../schema/index.ts";
import { createUser } from "./create-user.ts";
import { findUserByEmail } from "./find-user.ts";

const passwords = createPasswords();

/** `not_admin`: the e-mail belongs to a regular user; nothing was changed. */
export type EnsureAdminOutcome = { outcome: "created" | "unchanged" | "password_set" | "not_admin" };

/**
 * Creates the admin, or sets the password when it differs. Setting a different password ends all refresh tokens of the admin (access
 * tokens expire within a quarter of an hour). Safe to call twice: the second call changes nothing. Costs one or two scrypt hashes.
 */
export async function ensureAdmin(
	database: Database,
	{ email, password }: { email: string; password: string },
): Promise<EnsureAdminOutcome> {
	const found = await findUserByEmail(database, email);
	if (found === null) {
		const passwordHash = await passwords.hash(password);
		const made = await createUser(database, { email, passwordHash, displayName: "Admin", role: "admin" });
		// A concurrent call created the user first: check that user.
		return made.outcome === "created" ? { outcome: "created" } : ensureAdmin(database, { email, password });
	}
	if (found.user.role !== "admin") return { outcome: "not_admin" };
	const { matches, rehash } = await passwords.verify(password, found.passwordHash);
	if (matches && !rehash) return { outcome: "unchanged" };
	const passwordHash = await passwords.hash(password);
	const changed = await writeTo(database, "accounts", (queries) =>
		queries.transaction(async (tx) => {
			const isStillThere = and(eq(users.id, found.user.id), isNotNull(users.email));
			const rows = await tx.update(users).set({ passwordHash }).where(isStillThere).returning({ id: users.id });
			if (!matches) await tx.delete(refreshFamilies).where(eq(refreshFamilies.userId, found.user.id));
			return rows.length;
		}),
	);
	// The account was deleted in the meantime: start over.
	return changed === 0 ? ensureAdmin(database, { email, password }) : { outcome: "password_set" };
}
