/** How long access tokens are valid, and how long a denial must therefore last. */

/** Lifetime of an access token. Source: docs/security.md. */
export const ACCESS_TOKEN_TTL_SECONDS = 15 * 60;

/** A refresh that was in flight when the session ended may still sign a token, in a process whose clock is ahead by up to this much. */
const SLACK_MS = 60_000;

/** When a denial that begins at `nowMs` may end, both in epoch ms: by then every token that it refuses has expired. */
export const denialEndsAt = (nowMs: number): number => nowMs + ACCESS_TOKEN_TTL_SECONDS * 1000 + SLACK_MS;
