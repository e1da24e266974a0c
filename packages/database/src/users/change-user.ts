/**
 * Changes the role of a user, and blocks and unblocks users, in Postgres, with the audit row. `packages/accounts` then denies the access
 * tokens from before.
 */
import type { UserId } from "@holdfast/domain";
import { count, eq, sql } from "drizzle-orm";
import { type ChangeRequest, changeResource } from "../admin/change-resource.ts";
import { findChanges } from "../admin/find-changes.ts";
import type { ChangeOutcome } from "../admin/version-condition.ts";
import type { Database, Queries } from "../create-database.ts";
import { readFrom, writeTo } from "../run-queries.ts";
import { refreshFamilies, type UserRole, users } from "../schema/index.ts";
import { type AdminUser, adminUserColumns, adminUserOf, isActiveAdmin, lockAccount } from "./admin-user.ts";

/** What staff can change of a user. A blocked user can neither sign in nor refresh a session. */
export type UserAccess = { readonly role: UserRole; readonly blocked: boolean };

/**
 * What stands against a change. `own_role`: admins change neither their own role nor their own block. `not_admin`: the actor is no admin
 * any more. `reason_required`: the change takes something from the user, and staff must say why.
 */
export type UserRefusal = { readonly outcome: "own_role" | "not_admin" | "reason_required" };

/** `endedFamilies`: the families of refresh tokens that the change ended, to be denied. `not_found`: no such user, or a deleted account. */
export type ChangeUserOutcome = (ChangeOutcome<AdminUser> | UserRefusal) & { readonly endedFamilies: readonly string[] };

const accessOf = ({ role, blockedAt }: AdminUser): UserAccess => ({ role, blocked: blockedAt !== null });

/** Whether the change takes a role or the access from its user, so that sessions from before must end. */
const takes = ({ role, blocked }: Partial<UserAccess>): boolean => blocked === true || (role !== undefined && role !== "admin");

/**
 * Changes role and block, raises the version by one and writes one audit row, all or nothing. A change that takes something also ends the
 * user's sessions. From then on a sign-in and a refresh go by the new row. Safe to call again: the second call returns `unchanged`. Without
 * an actor, the command is an operator's, and nothing is refused.
 */
export const changeUser = (database: Database, id: UserId, request: ChangeRequest<UserAccess>): Promise<ChangeUserOutcome> =>
	writeTo(database, "accounts", (queries) =>
		queries.transaction(async (tx) => {
			const { actor, reason } = request.command;
			const { found, mayAct } = await lockAccount(tx, id, actor);
			if (!mayAct) return { outcome: "not_admin", endedFamilies: [] };
			const ended: string[] = [];
			const result = await changeResource<AdminUser, UserAccess, UserRefusal>(tx, request, {
				action: actionOf((found && findChanges(accessOf(found), request.changes)?.after) ?? {}),
				target: { type: "user", id },
				found,
				fieldsOf: accessOf,
				refuse: async (after) => {
					if (actor === id) return { outcome: "own_role" };
					return actor !== null && reason === null && takes(after) ? { outcome: "reason_required" } : null;
				},
				write: async (after, version) => {
					if (takes(after)) ended.push(...(await endFamilies(tx, id)));
					const blockedAt = after.blocked === undefined ? {} : { blockedAt: after.blocked ? sql`now()` : null };
					const changed = { ...(after.role !== undefined && { role: after.role }), ...blockedAt, version };
					const [row] = await tx.update(users).set(changed).where(eq(users.id, id)).returning(adminUserColumns);
					return row && adminUserOf(row);
				},
			});
			return { ...result, endedFamilies: ended };
		}),
	);

/** The name of a change in the audit trail. */
function actionOf({ role, blocked }: Partial<UserAccess>): string {
	if (blocked === undefined) return "user.role_changed";
	if (role !== undefined) return "user.updated";
	return blocked ? "user.blocked" : "user.unblocked";
}

async function endFamilies(tx: Queries, id: UserId): Promise<string[]> {
	const rows = await tx.delete(refreshFamilies).where(eq(refreshFamilies.userId, id)).returning({ id: refreshFamilies.id });
	return rows.map((row) => row.id);
}

/** Returns the role that the user has now, and whether the user is blocked; null for no such user. */
export async function findUserAccess(database: Database, userId: UserId): Promise<UserAccess | null> {
	const [row] = await readFrom(database, "accounts", (queries) => queries.select(adminUserColumns).from(users).where(eq(users.id, userId)));
	return row === undefined ? null : accessOf(adminUserOf(row));
}

/** Returns how many admins can sign in. */
export async function countAdmins(database: Database): Promise<number> {
	const [admins] = await readFrom(database, "accounts", (queries) => queries.select({ left: count() }).from(users).where(isActiveAdmin));
	return admins?.left ?? 0;
}
