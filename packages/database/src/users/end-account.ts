/**
 * The Postgres steps of deleting an account. `packages/accounts` calls them in order, with steps in other stores in between. Every
 * function is safe to call again after an interruption.
 */
import type { UserId } from "@holdfast/domain";
import { and, eq, isNotNull, isNull, type SQL, sql } from "drizzle-orm";
import { type AuditOrigin, recordAudit } from "../admin/record-audit.ts";
import type { Database } from "../create-database.ts";
import { readFrom, writeTo } from "../run-queries.ts";
import { refreshFamilies, users } from "../schema/index.ts";
import { isAccount, lockAccount } from "./admin-user.ts";

/** An account that is not deleted. `isDenied`: its deletion has begun but is not finished, so the user cannot sign in. */
export type Account = { readonly userId: UserId; readonly isDenied: boolean };

/** Returns the account with this e-mail, in any letter case; null when it does not exist or was deleted. */
export const findAccount = (database: Database, email: string): Promise<Account | null> =>
	findWhere(database, sql`lower(${users.email}) = lower(${email})`);

/** Returns the account of this user; null when the user does not exist or the account was deleted. */
export const findAccountById = (database: Database, userId: UserId): Promise<Account | null> => findWhere(database, eq(users.id, userId));

async function findWhere(database: Database, condition: SQL): Promise<Account | null> {
	const [row] = await readFrom(database, "accounts", (queries) =>
		queries.select({ userId: users.id, deletionStartedAt: users.deletionStartedAt }).from(users).where(and(isAccount, condition)),
	);
	return row === undefined ? null : { userId: row.userId, isDenied: row.deletionStartedAt !== null };
}

const nextVersion = sql`${users.version} + 1`;

/**
 * Denies sign-in to the user: after this returns true, no sign-in and no token refresh of the user succeeds. The families of all earlier
 * sign-ins are in the table by then. Returns false and changes nothing when `actor`, who deletes the account, is no admin any more. `actor`
 * null: the user itself, or an operator.
 */
export const denySignIn = (database: Database, userId: UserId, actor: UserId | null = null): Promise<boolean> =>
	writeTo(database, "accounts", (queries) =>
		queries.transaction(async (tx) => {
			const { mayAct } = await lockAccount(tx, userId, actor);
			if (!mayAct) return false;
			await tx
				.update(users)
				.set({ deletionStartedAt: sql`now()`, version: nextVersion })
				.where(and(eq(users.id, userId), isNull(users.deletionStartedAt)));
			return true;
		}),
	);

/** Undoes `denySignIn`. A deleted account stays deleted. */
export async function allowSignIn(database: Database, userId: UserId): Promise<void> {
	await writeTo(database, "accounts", (queries) =>
		queries
			.update(users)
			.set({ deletionStartedAt: null, version: nextVersion })
			.where(and(eq(users.id, userId), isAccount, isNotNull(users.deletionStartedAt))),
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
 * Anonymises the user: sets e-mail, password hash and name to NULL and keeps the bookings. Writes one audit row in the same transaction,
 * unless `origin` is null: the user deleted the own account. Returns false and changes nothing when the user is not denied sign-in; true
 * without a second audit row when the user is anonymised already.
 */
export const anonymiseUser = (database: Database, userId: UserId, origin: AuditOrigin | null): Promise<boolean> =>
	writeTo(database, "accounts", (queries) =>
		queries.transaction(async (tx) => {
			const { found } = await lockAccount(tx, userId, null);
			if (found === undefined) return true;
			if (found.deletionStartedAt === null) return false;
			await tx.update(users).set({ email: null, passwordHash: null, displayName: null, version: nextVersion }).where(eq(users.id, userId));
			const change = { before: { deleted: false }, after: { deleted: true } };
			if (origin !== null) await recordAudit(tx, origin, [{ action: "user.deleted", target: { type: "user", id: userId }, ...change }]);
			return true;
		}),
	);
