/** No access token of a family is taken any more, whatever became of its refresh tokens. */
import type { AuthStore } from "@holdfast/seat-store";
import { ACCESS_TOKEN_TTL_SECONDS } from "../plugins/auth.ts";

/** A refresh that was under way while the family ended may still have signed a token, in a process whose clock is ahead. */
const SLACK_MS = 60_000;

/** Here from the return on, in other processes within a second. Safe to call twice. */
export function denyFamily(authStore: Pick<AuthStore, "deny">, family: string): Promise<void> {
	return authStore.deny(family, Date.now() + ACCESS_TOKEN_TTL_SECONDS * 1000 + SLACK_MS);
}
