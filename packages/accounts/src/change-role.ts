/**
 * Changes the role of a user in both stores: promotes to admin, or demotes to user.
 *
 * Postgres first, with the audit row; Redis second. When `changeRole` has returned `user`, no token of the user carries the admin's role
 * and is accepted:
 * - A refresh or a sign-in that reads the row after the change signs a token with the new role.
 * - Every token with the old role was signed at most a moment after the change, and is refused until it has expired.
 * If the process stops in between, old tokens are accepted until they expire (15 minutes), or until the change is repeated: a repeat finds
 * the row changed, writes no second audit row, and denies the tokens.
 */
import { changeUserRole, type Database, DatabaseOutcomeUnknown, findUserRole, type RoleChange } from "@holdfast/database";
import type { UserId } from "@holdfast/domain";
import type { AuthStore } from "@holdfast/seat-store";
import { denialEndsAt } from "./access-token-life.ts";
import { deniedRoleId } from "./denied-role.ts";
import { describeFault } from "./describe-fault.ts";

/** The steps, in order. */
export type RoleStep = "change_row" | "deny_role" | "deny_families";

/** The dependencies of a change of role. */
export type RoleDeps = {
	readonly authStore: Pick<AuthStore, "deny" | "allow">;
	readonly database: Database;
	/** For tests: called before each step, so that something can happen between two steps. */
	readonly beforeStep?: (step: RoleStep) => Promise<void>;
};

/**
 * `changed`, or `unchanged`: the user had the role already. `adminsLeft`: how many admins can sign in now. `unknown_user`: no such user, or
 * the account was deleted; nothing was changed.
 */
export type ChangeRoleOutcome =
	| { readonly outcome: "changed" | "unchanged"; readonly adminsLeft: number }
	| { readonly outcome: "unknown_user" };

/** How often the tokens are aligned before a change gives up. More than one round needs a concurrent change of the same user's role. */
const ROUNDS_MAX = 10;

/**
 * Thrown when a step fails. `mayHaveChanged` false: nothing was changed. True: the row may have the new role, but access tokens with the
 * former one may be valid for up to 15 minutes; calling `changeRole` again finishes the change. The message is for the operator.
 */
export class RoleChangeInterrupted extends Error {
	override readonly name = "RoleChangeInterrupted";
	readonly mayHaveChanged: boolean;
	constructor(mayHaveChanged: boolean, cause: unknown) {
		const rest = mayHaveChanged
			? "The role may have been changed, but access tokens with the former role may still be valid, for up to 15 minutes. Run the command again to finish."
			: "Nothing was changed.";
		super(`${describeFault(cause)} ${rest}`, { cause });
		this.mayHaveChanged = mayHaveChanged;
	}
}

/**
 * Gives the user the role. A demotion ends the user's sessions; the user can sign in again at once, as a user. In other processes it takes
 * effect within `DENIAL_EFFECTIVE_WITHIN_MS`. Safe to call again, and concurrently. Throws `RoleChangeInterrupted` if a step fails.
 */
export async function changeRole(deps: RoleDeps, change: RoleChange): Promise<ChangeRoleOutcome> {
	const { authStore, database, beforeStep = async () => {} } = deps;
	await beforeStep("change_row");
	const changed = await changeUserRole(database, change).catch((error: unknown) => {
		throw new RoleChangeInterrupted(error instanceof DatabaseOutcomeUnknown, error);
	});
	if (changed.outcome === "unknown_user") return changed;
	try {
		await beforeStep("deny_role");
		await alignTokens(deps, change.userId);
		await beforeStep("deny_families");
		for (const family of changed.endedFamilies) await authStore.deny(family, denialEndsAt(Date.now()));
	} catch (error) {
		throw new RoleChangeInterrupted(true, error);
	}
	return { outcome: changed.outcome, adminsLeft: changed.adminsLeft };
}

/**
 * Refuses the access tokens with the admin's role unless the row says that the user is an admin. Reads the row once more afterwards:
 * otherwise the slower of two concurrent changes could leave Redis as the earlier one wanted it.
 */
async function alignTokens({ authStore, database }: RoleDeps, userId: UserId): Promise<void> {
	const id = deniedRoleId(userId, "admin");
	for (let round = 1; round <= ROUNDS_MAX; round += 1) {
		const role = await findUserRole(database, userId);
		if (role === "admin") await authStore.allow(id);
		else await authStore.deny(id, denialEndsAt(Date.now()));
		if ((await findUserRole(database, userId)) === role) return;
	}
	throw new Error(`The role of user ${userId} was still changing after ${ROUNDS_MAX} rounds`);
}
