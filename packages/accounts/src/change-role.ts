/** Promotes a user to admin, or demotes an admin, for the command line. */
import { type AuditOrigin, countAdmins, type UserRole } from "@holdfast/database";
import type { UserId } from "@holdfast/domain";
import { AccessChangeInterrupted, type AccessDeps, changeAccess } from "./change-access.ts";

/** A change of role: to which role, for whom, by whom. */
export type RoleChange = { readonly userId: UserId; readonly role: UserRole; readonly origin: AuditOrigin };

/**
 * `changed`, or `unchanged`: the user had the role already. `adminsLeft`: how many admins can sign in now. `unknown_user`: no such user, or
 * the account was deleted; nothing was changed.
 */
export type ChangeRoleOutcome =
	| { readonly outcome: "changed" | "unchanged"; readonly adminsLeft: number }
	| { readonly outcome: "unknown_user" };

/** Gives the user the role, as `changeAccess` does: without a version, and for an operator also where staff may not. */
export async function changeRole(deps: AccessDeps, { userId, role, origin }: RoleChange): Promise<ChangeRoleOutcome> {
	const { outcome } = await changeAccess(deps, userId, { changes: { role }, ifVersions: null, command: origin });
	if (outcome === "not_found") return { outcome: "unknown_user" };
	if (outcome !== "changed" && outcome !== "unchanged") throw new Error(`a change of role without a condition ended as ${outcome}`);
	const adminsLeft = await countAdmins(deps.database).catch((error: unknown) => {
		throw new AccessChangeInterrupted(true, error);
	});
	return { outcome, adminsLeft };
}
