/**
 * What Postgres does for the deletion of an account. The order of the steps, and what happens between them, is that of
 * `packages/accounts`. Each function is safe to call again after an interruption.
 */
import type { UserId } from "@holdfast/domain";
import { and, eq, isNotNull, sql } from "drizzle-orm";
import type { Database } from "../create-database.ts";
import { readFrom, writeTo } from "../run-queries.ts";
import { refreshFamilies, users } from "../schema/index.ts";

/** `isDenied`: a deletion of it has begun and was not finished, so nobody can sign in. */
export type Account = { readonly userId: UserId; readonly isDenied: boolean };

/** The account with this e-mail, in whatever case; null when there is none, or it was deleted. */
export async function findAccount(database: Database, email: string): Promise<Account | null> {
	const [row] = await readFrom(database, "accounts", (queries) =>
		queries
			.select({ userId: users.id, deletionStartedAt: users.deletionStartedAt })
			.from(users)
			.where(sql`lower(${users.email}) = lower(${email})`),
	);
	return row === undefined ? null : { userId: row.userId, isDenied: row.deletionStartedAt !== null };
}

/** From the return on no sign-in and no refresh of this user succeeds; those that were faster have their family in the table. */
export async function denySignIn(database: Database, userId: UserId): Promise<void> {
	await writeTo(database, "accounts", (queries) =>
		queries
			.update(users)
			.set({ deletionStartedAt: sql`coalesce(${users.deletionStartedAt}, now())` })
			.where(eq(users.id, userId)),
	);
}

/** Take `denySignIn` back. An account that was deleted stays so. */
export async function allowSignIn(database: Database, userId: UserId): Promise<void> {
	await writeTo(database, "accounts", (queries) =>
		queries
			.update(users)
			.set({ deletionStartedAt: null })
			.where(and(eq(users.id, userId), isNotNull(users.email))),
	);
}

/** Ids of the user's families of refresh tokens: after `denySignIn` all that there can ever be. About `FAMILIES_PER_USER_MAX`. */
export async function listRefreshFamilies(database: Database, userId: UserId): Promise<string[]> {
	const rows = await readFrom(database, "accounts", (queries) =>
		queries.select({ id: refreshFamilies.id }).from(refreshFamilies).where(eq(refreshFamilies.userId, userId)),
	);
	return rows.map(({ id }) => id);
}

/** End every family of the user. Deny their access tokens first: afterwards nothing tells which families there were. */
export async function endRefreshFamilies(database: Database, userId: UserId): Promise<void> {
	await writeTo(database, "accounts", (queries) => queries.delete(refreshFamilies).where(eq(refreshFamilies.userId, userId)));
}

/**
 * Take the person out of the row: e-mail, password hash and name become NULL, the bookings stay. False when the user may
 * sign in (again), so that nothing was done.
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
