/** Denies every access token of an account, and undoes a deletion that has begun. Every step is safe to repeat. */
import { allowSignIn, type Database, endRefreshFamilies, listRefreshFamilies } from "@holdfast/database";
import type { UserId } from "@holdfast/domain";
import type { AuthStore } from "@holdfast/seat-store";
import { denialEndsAt } from "./access-token-life.ts";

/** The dependencies of these steps. */
export type DenyDeps = { readonly authStore: Pick<AuthStore, "deny" | "allow">; readonly database: Database };

/**
 * Denies every access token of the user. Call it after `denySignIn`. It denies the user, because a family that a later sign-in has
 * removed from the table cannot be listed any more. It also denies each listed family: these stay denied if the account is kept, and
 * processes of the previous version check families only.
 */
export async function denyTokens({ authStore, database }: DenyDeps, userId: UserId): Promise<void> {
	const untilMs = denialEndsAt(Date.now());
	await authStore.deny(userId, untilMs);
	for (const family of await listRefreshFamilies(database, userId)) await authStore.deny(family, untilMs);
}

/**
 * Lets the user sign in again; sessions that have ended stay ended. The mark in the ledger is removed last: if the process stops in
 * between, the next run still finds the mark.
 */
export async function restoreSignIn(deps: DenyDeps, userId: UserId): Promise<void> {
	await denyTokens(deps, userId);
	await endRefreshFamilies(deps.database, userId);
	await deps.authStore.allow(userId);
	await allowSignIn(deps.database, userId);
}
