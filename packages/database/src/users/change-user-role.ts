/** Changes the role of a user in Postgres, with its audit row. `packages/accounts` then denies the access tokens of the old role. */
import type { UserId } from "@holdfast/domain";
import { and, count, eq, isNotNull, isNull } from "drizzle-orm";
import { type AuditOrigin, recordAudit } from "../admin/record-audit.ts";
import type { Database } from "../create-database.ts";
import { readFrom, writeTo } from "../run-queries.ts";
import { refreshFamilies, type UserRole, users } from "../schema/index.ts";

/** A change of role: to which role, for whom, by whom. */
export type RoleChange = { readonly userId: UserId; readonly role: UserRole; readonly origin: AuditOrigin };

/**
 * `changed`: with the families of refresh tokens that were ended, none for a promotion. `unchanged`: the user has the role already;
 * nothing was written. `adminsLeft`: the number of admins who can sign in, this user included. `unknown_user`: no such user, or the
 * account was deleted.
 */
export type ChangeUserRoleOutcome =
	| { readonly outcome: "changed" | "unchanged"; readonly endedFamilies: readonly string[]; readonly adminsLeft: number }
	| { readonly outcome: "unknown_user" };

/**
 * Changes the role, ends the user's sessions unless the new role is `admin`, and writes one audit row, all or nothing. From then on a
 * sign-in and a refresh give tokens of the new role. Safe to call again: the second call returns `unchanged`.
 */
export const changeUserRole = (database: Database, { userId, role, origin }: RoleChange): Promise<ChangeUserRoleOutcome> =>
	writeTo(database, "accounts", (queries) =>
		queries.transaction(async (tx): Promise<ChangeUserRoleOutcome> => {
			const isAccount = and(eq(users.id, userId), isNotNull(users.email));
			const [current] = await tx.select({ role: users.role }).from(users).where(isAccount).for("update");
			if (current === undefined) return { outcome: "unknown_user" };
			const hasChanged = current.role !== role;
			const ended: { id: string }[] = [];
			if (hasChanged) {
				await tx.update(users).set({ role }).where(eq(users.id, userId));
				const ofUser = eq(refreshFamilies.userId, userId);
				if (role !== "admin") ended.push(...(await tx.delete(refreshFamilies).where(ofUser).returning({ id: refreshFamilies.id })));
				const change = { before: { role: current.role }, after: { role } };
				await recordAudit(tx, origin, [{ action: "user.role_changed", target: { type: "user", id: userId }, ...change }]);
			}
			const [admins] = await tx
				.select({ left: count() })
				.from(users)
				.where(and(eq(users.role, "admin"), isNull(users.deletionStartedAt)));
			return {
				outcome: hasChanged ? "changed" : "unchanged",
				endedFamilies: ended.map(({ id }) => id),
				adminsLeft: admins?.left ?? 0,
			};
		}),
	);

/** Returns the role that the user has now; null for no such user. */
export async function findUserRole(database: Database, userId: UserId): Promise<UserRole | null> {
	const [row] = await readFrom(database, "accounts", (queries) =>
		queries.select({ role: users.role }).from(users).where(eq(users.id, userId)),
	);
	return row?.role ?? null;
}
