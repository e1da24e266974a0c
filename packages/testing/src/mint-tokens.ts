/** Signs access tokens for inserted users with a stack's key. The API accepts them like tokens from a sign-in. */
import { randomUUID } from "node:crypto";
import type { UserId } from "@holdfast/domain";
import { createSigner } from "fast-jwt";

const LIFETIME_MS = 2 * 60 * 60 * 1000;

/**
 * Returns one token per user, in the order of `userIds`, with the role `user` unless another is given. Tokens are valid for two hours, so that
 * no long run ends in 401.
 */
export function mintTokens(jwtSecret: string, userIds: readonly UserId[], role: "user" | "admin" = "user"): string[] {
	const sign = createSigner({ key: jwtSecret, algorithm: "HS256", iss: "holdfast", aud: "holdfast-api", expiresIn: LIFETIME_MS });
	return userIds.map((sub) => sign({ sub, role, jti: randomUUID(), family: randomUUID() }));
}
