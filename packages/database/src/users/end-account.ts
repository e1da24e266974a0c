/**
 * The Postgres steps of deleting an account. `packages/accounts` calls them in order, with steps in other stores in between. Every
 * function is safe to call again after an interruption.
 */
import type { UserId } from "@holdfast/domain";
import { and, eq, isNotNull, sql } from "drizzle-orm";
import type { Database } from "../create-database.ts";
import { readFrom, writeTo } from "../run-queries.ts";
import { refreshFamilies, users } from "../schema/index.ts";

/** An account that is not deleted. `isDenied`: its deletion has begun but is not finished, so the user cannot sign in. */
export type Account = { readonly userId: UserId; readonly isDenied: boolean };

/** Returns the account with this e-mail, in any letter case; null when it does not exist or was deleted. */
export async function findAccount(database: Database, email: string): Promise<Account | null> {
	const [row] = await readFrom(database, "accounts", (queries) =>
		queries
			.select({ userId: users.id, deletionStartedAt: users.deletionStartedAt })
			.from(users)
			.where(sql`lower(${users.email}) = lower(${email})`),
	);
	return row === undefined ? null : { userId: row.userId, isDenied: row.deletionStartedAt !== null };
}

/**
 * Denies sign-in to the user: after this returns, no sign-in and no token refresh of the user succeeds. The families of all earlier
 * sign-ins are in the table by then.
 */
export async function denySignIn(database: Database, userId: UserId): Promise<void> {
	await writeTo(database, "accounts", (queries) =>
		queries
			.update(users)
			.set({ deletionStartedAt: sql`coalesce(${users.deletionStartedAt}, now())` })
			.where(eq(users.id, userId)),
	);
}

/** Undoes `denySignIn`. A deleted account stays deleted. */
export async function allowSignIn(database: Database, userId: UserId): Promise<void> {
	await writeTo(database, "accounts", (queries) =>
		queries
			.update(users)
			.set({ deletionStartedAt: null })
			.where(and(eq(users.id, userId), isNotNull(users.email))),
	);
}

/**
 * Returns the ids of the user's families of refresh tokens, about `FAMILIES_PER_USER_MAX` at most. After `denySignIn` no further family
 * can appear.
 */
export async function listRefreshFamilies(database: Database, userId: UserId): Promise<string[]> {
	const rows = await readFrom(database, "accounts", (queries) =>
		queries.select({ id: refreshFamilies.id }).from(refreshFamilies).where(eq(refreshFamilies.userId, userId)),
	);
	return rows.map(({ id }) => id);
}

/** Ends every family of the user. Deny their access tokens first: afterwards their ids are no longer stored anywhere. */
export async function endRefreshFamilies(database: Database, userId: UserId): Promise<void> {
	await writeTo(database, "accounts", (queries) => queries.delete(refreshFamilies).where(eq(refreshFamilies.userId, userId)));
}

/**
 * Anonymises the user: sets e-mail, password hash and name to NULL and keeps the bookings. Returns false and changes nothing when the user
 * is not denied sign-in.
 */
export async function anonymiseUser(database: Database, userId: UserId): Promise<boolean> {
	const changed = await writeTo(database, "accounts", (queries) =>
		queries
			.update(users)
			.set({ email: null, passwordHash: null, displayName: null })
			.where(and(eq(users.id, userId), isNotNull(users.deletionStartedAt)))
			.returning({ id: users.id }),
	);
	return changed.length > 0;
}
