/** A user as staff see it: with its version, whether it is blocked, and also after the account was deleted. */
import type { UserId } from "@holdfast/domain";
import { and, asc, eq, inArray, isNotNull, isNull } from "drizzle-orm";
import type { Queries } from "../create-database.ts";
import { type UserRole, users } from "../schema/index.ts";
import { userColumns } from "./user.ts";

/** A user with what only staff see. Instants are epoch ms. */
export type AdminUser = {
	readonly id: UserId;
	/** Null once the account was deleted, as is the name. */
	readonly email: string | null;
	readonly displayName: string | null;
	readonly role: UserRole;
	/** When staff blocked the user; null when the user is not blocked. */
	readonly blockedAt: number | null;
	/** When the deletion of the account began; null when it did not. */
	readonly deletionStartedAt: number | null;
	/** Counts the changes from 1. */
	readonly version: number;
	readonly createdAt: number;
};

/**
 * The rows that are accounts: of users who can sign in, or could if they were not blocked. Lists and every change by staff have this
 * condition. The rows of deleted accounts have no e-mail.
 */
export const isAccount = isNotNull(users.email);

/** The rows of admins who can sign in. */
export const isActiveAdmin = and(eq(users.role, "admin"), isNull(users.blockedAt), isNull(users.deletionStartedAt));

/** The columns to select for an `AdminUser`, to be mapped by `adminUserOf`. */
export const adminUserColumns = {
	...userColumns,
	blockedAt: users.blockedAt,
	deletionStartedAt: users.deletionStartedAt,
	version: users.version,
};

type AdminUserRow = Omit<AdminUser, "blockedAt" | "deletionStartedAt" | "createdAt"> & {
	readonly blockedAt: Date | null;
	readonly deletionStartedAt: Date | null;
	readonly createdAt: Date;
};

/** Maps a row of `adminUserColumns`. */
export const adminUserOf = (row: AdminUserRow): AdminUser => ({
	...row,
	blockedAt: row.blockedAt?.getTime() ?? null,
	deletionStartedAt: row.deletionStartedAt?.getTime() ?? null,
	createdAt: row.createdAt.getTime(),
});

/** `found`: the account, undefined when there is none. `mayAct`: the actor is an admin who can sign in, or an operator. */
export type LockedAccount = { readonly found: AdminUser | undefined; readonly mayAct: boolean };

/**
 * Locks an account and, in one order, the row of the admin who is about to change it. Of two admins who take the role, the access or the
 * account from each other at the same time, the second therefore finds that it is no admin any more: one of them remains. `actor` null: an
 * operator or the user itself.
 */
export async function lockAccount(tx: Queries, id: UserId, actor: UserId | null): Promise<LockedAccount> {
	const rows = await tx
		.select(adminUserColumns)
		.from(users)
		.where(and(isAccount, inArray(users.id, [id, actor ?? id])))
		.orderBy(asc(users.id))
		// Not `update`, which would make settling wait: its foreign keys refer to users.
		.for("no key update");
	const locked = rows.map(adminUserOf);
	const by = locked.find((row) => row.id === actor);
	return {
		found: locked.find((row) => row.id === id),
		mayAct: actor === null || (by?.role === "admin" && by.blockedAt === null && by.deletionStartedAt === null),
	};
}
