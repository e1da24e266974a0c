/** No access token of a family is taken any more, whatever became of its refresh tokens. */
import { denialEndsAt } from "@holdfast/accounts";
import type { AuthStore } from "@holdfast/seat-store";

/** Here from the return on, in other processes within a second. Safe to call twice. */
export function denyFamily(authStore: Pick<AuthStore, "deny">, family: string): Promise<void> {
	return authStore.deny(family, denialEndsAt(Date.now()));
}
