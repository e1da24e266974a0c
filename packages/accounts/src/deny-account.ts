/** End every session of an account and keep new ones from beginning, in steps that may be repeated; and take that back. */
import { allowSignIn, type Database, endRefreshFamilies, listRefreshFamilies } from "@holdfast/database";
import type { UserId } from "@holdfast/domain";
import type { AuthStore } from "@holdfast/seat-store";
import { denialEndsAt } from "./access-token-life.ts";

export type DenyDeps = { readonly authStore: Pick<AuthStore, "deny" | "allow">; readonly database: Database };

/**
 * Deny every access token of the user, after `denySignIn`. By the user: a family that a later sign-in pushed out of the table can no
 * longer be named. And by each family that can: they stay denied when the account is kept, and a process of the version before
 * knows families only.
 */
export async function denyTokens({ authStore, database }: DenyDeps, userId: UserId): Promise<void> {
	const untilMs = denialEndsAt(Date.now());
	await authStore.deny(userId, untilMs);
	for (const family of await listRefreshFamilies(database, userId)) await authStore.deny(family, untilMs);
}

/**
 * Let the user sign in again; sessions that have ended stay ended. Tokens first, sign-in last: if this stops in between, the mark in
 * the ledger is still there for the next run to find.
 */
export async function restoreSignIn(deps: DenyDeps, userId: UserId): Promise<void> {
	await denyTokens(deps, userId);
	await endRefreshFamilies(deps.database, userId);
	await deps.authStore.allow(userId);
	await allowSignIn(deps.database, userId);
}
