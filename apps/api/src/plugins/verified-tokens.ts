/**
 * A cache of verified access tokens, so that a token's signature is checked only once. Invalid tokens are not cached. fast-jwt's own
 * cache keeps them too: 10,000 forged tokens of 2 KB took 65 MB and more there, and displaced the valid tokens.
 */
import { createLru } from "../create-lru.ts";

/** The claims of a valid token, and the time at which it expires (epoch ms). */
export type VerifiedToken<TokenClaims> = { readonly tokenClaims: TokenClaims; readonly expiresAtMs: number };

/** What `createVerifiedTokens` needs. */
export type VerifiedTokensOptions<TokenClaims> = {
	/** Verifies the signature and the claims of a token. Returns null if the token is invalid. */
	readonly verify: (token: string) => VerifiedToken<TokenClaims> | null;
	/** Maximum number of cached tokens. Beyond it, the least recently used token is removed and verified again at its next use. */
	readonly keptMax: number;
	/** The current time, epoch ms. Default: `Date.now`. */
	readonly now?: () => number;
};

/** Returns a function that returns the claims of a valid token, or null. An expired token gets null, even if it is cached. */
export function createVerifiedTokens<TokenClaims>(options: VerifiedTokensOptions<TokenClaims>): (token: string) => TokenClaims | null {
	const { verify, keptMax, now = Date.now } = options;
	// Keyed by the token text. The duration of a look-up reveals nothing about other tokens: V8 compares only texts with an equal,
	// seeded hash.
	const kept = createLru<string, VerifiedToken<TokenClaims>>(keptMax);
	return (token) => {
		const known = kept.get(token);
		if (known !== undefined && known.expiresAtMs > now()) return known.tokenClaims;
		if (known !== undefined) kept.delete(token);
		const verified = verify(token);
		if (verified === null || verified.expiresAtMs <= now()) return null;
		kept.set(token, verified);
		return verified.tokenClaims;
	};
}
