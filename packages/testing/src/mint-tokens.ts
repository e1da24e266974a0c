/** Access tokens for users that were inserted, signed with a stack's own key: what logging each of them in would give. */
import { randomUUID } from "node:crypto";
import type { UserId } from "@holdfast/domain";
import { createSigner } from "fast-jwt";

const LIFETIME_MS = 2 * 60 * 60 * 1000;

/** One token per user, valid for two hours: a long run must not end in 401. */
export function mintTokens(jwtSecret: string, userIds: readonly UserId[]): string[] {
	const sign = createSigner({ key: jwtSecret, algorithm: "HS256", iss: "holdfast", aud: "holdfast-api", expiresIn: LIFETIME_MS });
	return userIds.map((sub) => sign({ sub, role: "user", jti: randomUUID(), family: randomUUID() }));
}
