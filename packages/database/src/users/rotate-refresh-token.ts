/**
 * Rotates refresh tokens: a token can be used once, and its use returns its successor. Two cases look alike and must be distinguished:
 *
 * - The answer was lost. The client soon sends the same token again, and the successor is unused. The client gets the same successor.
 * - The token was stolen. Thief and owner both send it, and the second request finds it used. The server cannot distinguish the two, so the
 *   whole family is revoked, and the owner must enter the password again.
 *
 * The grace period has a price: a thief who sends a stolen token within it gets the same successor as the owner. As soon as one of them
 * uses the successor, the other's next use is detected as reuse, unless that use is again within the grace period. One token never has two
 * different successors.
 *
 * Only a token that was issued and used may revoke its family. The family id alone must not, because every access token contains it.
 */
import type { UserId } from "@holdfast/domain";
import { and, eq, isNull, sql } from "drizzle-orm";
import type { Database, Queries } from "../create-database.ts";
import { readFrom, writeTo } from "../run-queries.ts";
import { refreshFamilies, users } from "../schema/index.ts";
import { REFRESH_TTL_MS, seconds } from "./open-refresh-family.ts";
import {
	formatRefreshToken,
	hasHash,
	hashOf,
	hasValidSeal,
	newSalt,
	parseRefreshToken,
	type RefreshToken,
	successorOf,
} from "./refresh-token.ts";
import { type User, userColumns, userOf } from "./user.ts";

/** The grace period: how long after its use a token may be sent again. It is longer than the time before a client retries a request. */
export const REFRESH_GRACE_MS = 10_000;

/**
 * `rotated`: the successor, either new or, with `isRepeat`, the same as before. `reused`: the token was issued and used before, and the
 * grace period does not apply. All tokens of the family are now revoked, and each further use is `reused` too, until the caller has denied
 * the family's access tokens and calls `endRefreshFamily`. `refused`: the token was never issued or has expired, its family has ended, or
 * the user may not sign in; nothing was changed.
 */
export type RotateOutcome =
	| { outcome: "rotated"; user: User; familyId: string; refreshToken: string; isRepeat: boolean }
	| { outcome: "reused"; userId: UserId; familyId: string }
	| { outcome: "refused" };

/** The stored hash of a revoked family. No secret has this hash. */
const REVOKED_HASH = "";

/**
 * Uses a refresh token and returns its successor. Concurrent calls with one token get the same successor. Throws `DatabaseOutcomeUnknown`
 * when the connection to Postgres is lost during the change. A token that was never issued costs one read by primary key, without taking
 * or waiting for a row lock.
 */
export async function rotateRefreshToken(database: Database, text: string): Promise<RotateOutcome> {
	const token = parseRefreshToken(text);
	if (token === null || !(await wasIssued(database, token))) return { outcome: "refused" };
	return writeTo(database, "accounts", (queries) => queries.transaction((tx) => rotateUnderLock(tx, token)));
}

/** Returns whether the family issued this token, at any time. The token may no longer be usable. */
async function wasIssued(database: Database, token: RefreshToken): Promise<boolean> {
	const { macKey, tokenHash, previousHash } = refreshFamilies;
	const [family] = await readFrom(database, "accounts", (queries) =>
		queries.select({ macKey, tokenHash, previousHash }).from(refreshFamilies).where(eq(refreshFamilies.id, token.familyId)),
	);
	if (family === undefined) return false;
	if (token.seal !== null) return hasValidSeal(token, family.macKey);
	return hasHash(token.secret, family.tokenHash) || matchesPrevious(token, family.previousHash);
}

const matchesPrevious = ({ secret }: RefreshToken, previousHash: string | null): boolean =>
	previousHash !== null && hasHash(secret, previousHash);

/** Rotates an issued token under the row lock of its family, or revokes the family. */
async function rotateUnderLock(tx: Queries, token: RefreshToken): Promise<RotateOutcome> {
	const { familyId, secret, seal } = token;
	const [row] = await tx
		.select({
			...userColumns,
			macKey: refreshFamilies.macKey,
			generation: refreshFamilies.generation,
			tokenHash: refreshFamilies.tokenHash,
			previousHash: refreshFamilies.previousHash,
			successorSalt: refreshFamilies.successorSalt,
			isExpired: sql<boolean>`${refreshFamilies.expiresAt} <= now()`,
			isInGrace: sql<boolean>`coalesce(${refreshFamilies.rotatedAt} > now() - ${seconds(REFRESH_GRACE_MS)}, false)`,
		})
		.from(refreshFamilies)
		.innerJoin(users, and(eq(users.id, refreshFamilies.userId), isNull(users.deletionStartedAt), isNull(users.blockedAt)))
		.where(eq(refreshFamilies.id, familyId))
		.for("update", { of: refreshFamilies });
	if (row === undefined || row.isExpired) return { outcome: "refused" };
	const rotated = (next: Buffer, generation: number, isRepeat: boolean): RotateOutcome => ({
		outcome: "rotated",
		user: userOf(row),
		familyId,
		refreshToken: formatRefreshToken({ familyId, generation, secret: next }, row.macKey),
		isRepeat,
	});

	if (hasHash(secret, row.tokenHash)) {
		const [salt, generation] = [newSalt(), row.generation + 1];
		const next = successorOf(secret, salt);
		await replaceToken(tx, familyId, { tokenHash: hashOf(next), previousHash: row.tokenHash, successorSalt: salt, generation });
		return rotated(next, generation, false);
	}
	const isRevoked = row.tokenHash === REVOKED_HASH;
	const isPrevious = matchesPrevious(token, row.previousHash);
	if (!isRevoked && isPrevious && row.isInGrace && row.successorSalt !== null)
		return rotated(successorOf(secret, row.successorSalt), row.generation, true);
	// A token of a later generation, or a different token of the current one, comes from rotations that Postgres lost in a failover. This
	// Postgres never saw it used, so it must not revoke the family.
	if (!isRevoked && !isPrevious && (seal === null || seal.generation >= row.generation)) return { outcome: "refused" };
	await tx.update(refreshFamilies).set({ tokenHash: REVOKED_HASH }).where(eq(refreshFamilies.id, familyId));
	return { outcome: "reused", userId: userOf(row).id, familyId };
}

async function replaceToken(
	tx: Queries,
	familyId: string,
	changes: { tokenHash: string; previousHash: string; successorSalt: string; generation: number },
): Promise<void> {
	await tx
		.update(refreshFamilies)
		.set({
			...changes,
			rotatedAt: sql`now()`,
			expiresAt: sql`least(now() + ${seconds(REFRESH_TTL_MS)}, ${refreshFamilies.endsAt})`,
		})
		.where(eq(refreshFamilies.id, familyId));
}

/** Ends one family of this user, in any state. Safe to call twice, for instance after `DatabaseOutcomeUnknown`. */
export async function endRefreshFamily(database: Database, { userId, familyId }: { userId: UserId; familyId: string }): Promise<void> {
	await writeTo(database, "accounts", (queries) =>
		queries.delete(refreshFamilies).where(sql`${refreshFamilies.id} = ${familyId} and ${refreshFamilies.userId} = ${userId}`),
	);
}
