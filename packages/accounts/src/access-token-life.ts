/** How long access tokens are valid, and how long a denial must therefore last. */

/** Lifetime of an access token. Source: docs/security.md. */
export const ACCESS_TOKEN_TTL_SECONDS = 15 * 60;

/**
 * Extra time of a denial. A refresh in flight may sign a token after the denial began, and the clock of its process may be ahead. Both
 * together are assumed to be at most this.
 */
const SLACK_MS = 60_000;

/**
 * Returns the instant (epoch ms, as `nowMs`) at which a denial that begins at `nowMs` may end, because every token that it refuses has
 * expired.
 */
export const denialEndsAt = (nowMs: number): number => nowMs + ACCESS_TOKEN_TTL_SECONDS * 1000 + SLACK_MS;
