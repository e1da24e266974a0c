/** How long an access token is good, and so how long a denial must last. */

/** Source: docs/security.md. */
export const ACCESS_TOKEN_TTL_SECONDS = 15 * 60;

/** A refresh that was under way when the session ended may still have signed a token, in a process whose clock is ahead. */
const SLACK_MS = 60_000;

/** The instant (epoch ms) until which a denial that begins at `nowMs` must last: no token that it refuses is valid after that. */
export const denialEndsAt = (nowMs: number): number => nowMs + ACCESS_TOKEN_TTL_SECONDS * 1000 + SLACK_MS;
