/**
 * Access tokens that were verified, remembered until they expire, so that a request with a known one costs no signature. Only those:
 * what was never valid is not kept and pushes nothing out, as it would in fast-jwt's own cache, where 10,000 forged tokens of 2 KB
 * were 65 MB and more, and took the places of the valid ones.
 */
import { LRUCache } from "lru-cache";

/** The claims of a valid token, and when it expires (epoch ms). */
export type VerifiedToken<TokenClaims> = { readonly tokenClaims: TokenClaims; readonly expiresAtMs: number };

export type VerifiedTokensOptions<TokenClaims> = {
	/** Verifies a token's signature and claims; null if anything about it is wrong. */
	readonly verify: (token: string) => VerifiedToken<TokenClaims> | null;
	/** Tokens kept; past it the one used longest ago is verified again at its next use. */
	readonly keptMax: number;
	readonly now?: () => number;
};

/** Returns a function that gives a valid token's claims, or null. A token is refused from its expiry on, however often it was seen. */
export function createVerifiedTokens<TokenClaims>(options: VerifiedTokensOptions<TokenClaims>): (token: string) => TokenClaims | null {
	const { verify, keptMax, now = Date.now } = options;
	// By the text: a look-up tells nothing of other texts, since it compares only those of one (seeded) hash.
	const kept = new LRUCache<string, VerifiedToken<TokenClaims>>({ max: keptMax });
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
