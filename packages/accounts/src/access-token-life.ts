/** How long access tokens are valid, and how long a denial must therefore last. */

/** Lifetime of an access token. Source: docs/security.md. */
export const ACCESS_TOKEN_TTL_SECONDS = 15 * 60;

/**
 * Added to a denial for two reasons: a refresh in flight may sign a token after the denial began, and the clock of the signing process may
 * be ahead. The delay and the clock offset together are assumed to be at most one minute.
 */
const SLACK_MS = 60_000;

/**
 * Returns, in epoch ms, when a denial that begins at `nowMs` may end: every token that it refuses has expired by then.
 */
export const denialEndsAt = (nowMs: number): number => nowMs + ACCESS_TOKEN_TTL_SECONDS * 1000 + SLACK_MS;
