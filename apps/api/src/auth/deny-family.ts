/** Refuses all access tokens of one sign-in (a family), whether or not its refresh tokens are still valid. */
import { denialEndsAt } from "@holdfast/accounts";
import type { AuthStore } from "@holdfast/seat-store";

/** Denies the family: in this process once the promise resolves, in other processes within a second. Safe to call twice. */
export function denyFamily(authStore: Pick<AuthStore, "deny">, family: string): Promise<void> {
	return authStore.deny(family, denialEndsAt(Date.now()));
}
