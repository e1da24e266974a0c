/**
 * Changes in both stores what a user may do: promotes to admin, demotes to user, blocks and unblocks.
 *
 * Postgres first, with the audit row; Redis second. When `changeAccess` has returned, no token from before a demotion or a block is
 * accepted:
 * - A refresh or a sign-in that reads the row after the change signs a token with the new role, or is refused.
 * - Every token from before was signed at most a moment after the change, and is refused until it has expired.
 * If the process stops in between, tokens from before are accepted until they expire (15 minutes), or until the change is repeated: a
 * repeat finds the row changed, writes no second audit row, and denies the tokens.
 */
import { isDeepStrictEqual } from "node:util";
import { type ChangeUserOutcome, changeUser, type Database, DatabaseOutcomeUnknown, findUserAccess } from "@holdfast/database";
import type { UserId } from "@holdfast/domain";
import type { AuthStore } from "@holdfast/seat-store";
import { denialEndsAt } from "./access-token-life.ts";
import { deniedBlockId, deniedRoleId } from "./denied-access.ts";
import { describeFault } from "./describe-fault.ts";

/** The steps, in order. */
export type AccessStep = "change_row" | "align_tokens" | "deny_families";

/** The dependencies of a change. */
export type AccessDeps = {
	readonly authStore: Pick<AuthStore, "deny" | "allow">;
	readonly database: Database;
	/** For tests: called before each step, so that something can happen between two steps. */
	readonly beforeStep?: (step: AccessStep) => Promise<void>;
};

/** What to change, on which condition, and who gives the command. */
export type AccessChange = Parameters<typeof changeUser>[2];

/** How often the tokens are aligned before a change gives up. More than one round needs a concurrent change of the same user. */
const ROUNDS_MAX = 10;

/**
 * Thrown when a step fails. `mayHaveChanged` false: nothing was changed. True: the row may be changed, but access tokens from before may be
 * valid for up to 15 minutes; calling `changeAccess` again finishes the change. The message is for the operator.
 */
export class AccessChangeInterrupted extends Error {
	override readonly name = "AccessChangeInterrupted";
	readonly mayHaveChanged: boolean;
	constructor(mayHaveChanged: boolean, cause: unknown) {
		const rest = mayHaveChanged
			? "The user may have been changed, but access tokens from before may still be valid, for up to 15 minutes. Run the command again to finish."
			: "Nothing was changed.";
		super(`${describeFault(cause)} ${rest}`, { cause });
		this.mayHaveChanged = mayHaveChanged;
	}
}

/**
 * Changes role and block of a user. A demotion and a block end the user's sessions: in this process when this returns, in others within
 * `DENIAL_EFFECTIVE_WITHIN_MS`. After a demotion the user can sign in again at once, as a user; after a block not before the unblock. Safe
 * to call again, and concurrently. Throws `AccessChangeInterrupted` if a step fails.
 */
export async function changeAccess(deps: AccessDeps, userId: UserId, change: AccessChange): Promise<ChangeUserOutcome> {
	const { authStore, database, beforeStep = async () => {} } = deps;
	await beforeStep("change_row");
	const changed = await changeUser(database, userId, change).catch((error: unknown) => {
		throw new AccessChangeInterrupted(error instanceof DatabaseOutcomeUnknown, error);
	});
	// Also after `version_mismatch`: it may answer the repeat of a change that was interrupted here.
	if (!("row" in changed)) return changed;
	try {
		await beforeStep("align_tokens");
		await alignTokens(deps, userId);
		await beforeStep("deny_families");
		for (const family of changed.endedFamilies) await authStore.deny(family, denialEndsAt(Date.now()));
	} catch (error) {
		throw new AccessChangeInterrupted(true, error);
	}
	return changed;
}

/**
 * Refuses the tokens with the admin's role unless the row says that the user is an admin, and all tokens while it says that the user is
 * blocked. Reads the row once more afterwards: otherwise the slower of two concurrent changes could leave Redis as the earlier one wanted
 * it.
 */
async function alignTokens({ authStore, database }: AccessDeps, userId: UserId): Promise<void> {
	const align = (id: string, isDenied: boolean) => (isDenied ? authStore.deny(id, denialEndsAt(Date.now())) : authStore.allow(id));
	for (let round = 1; round <= ROUNDS_MAX; round += 1) {
		const access = await findUserAccess(database, userId);
		await align(deniedBlockId(userId), access?.blocked === true);
		await align(deniedRoleId(userId, "admin"), access?.role !== "admin");
		if (isDeepStrictEqual(await findUserAccess(database, userId), access)) return;
	}
	throw new Error(`The role or block of user ${userId} was still changing after ${ROUNDS_MAX} rounds`);
}
