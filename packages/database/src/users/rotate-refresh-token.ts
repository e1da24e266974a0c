/**
 * Use a refresh token: it is good once, and its successor comes back. Two things look alike and must be told apart. An
 * answer that was lost: its client sends the same token again, soon, and nobody has used the successor; it is given the
 * same successor again. A token that was stolen: thief and owner both send it, and the later one finds it used. Neither
 * can be told who is who, so the whole family ends and the password decides.
 *
 * What the grace gives away: a thief who sends a stolen token within it shares the successor, until one of the two uses
 * that; the other is then found out, unless again within the grace. A fork (two successors of one token) never exists.
 *
 * Only a token that was issued and used may revoke its family. Each access token names the family, and anyone may hold an old one.
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

/** How long after its use a token may be sent again. Longer than a client waits before it repeats a request. */
export const REFRESH_GRACE_MS = 10_000;

/**
 * `rotated`: the successor, new or (`isRepeat`) the same again. `reused`: the token was issued, was used before, and the grace does not
 * cover it; no token of its family is good any more, and one that is sent again is `reused` again, until the caller has denied the
 * family's access tokens and calls `endRefreshFamily`. `refused`: never issued, expired, or of a family that was ended; nothing changed.
 */
export type RotateOutcome =
	| { outcome: "rotated"; user: User; familyId: string; refreshToken: string; isRepeat: boolean }
	| { outcome: "reused"; userId: UserId; familyId: string }
	| { outcome: "refused" };

/** No secret has it: the hash in the row of a family that was revoked. */
const REVOKED_HASH = "";

/**
 * Two at once with one token: both are given the same successor. Throws `DatabaseOutcomeUnknown` when Postgres was lost during the
 * change. A token that was never issued costs one read by primary key: it takes no row lock, and waits for none.
 */
export async function rotateRefreshToken(database: Database, text: string): Promise<RotateOutcome> {
	const token = parseRefreshToken(text);
	if (token === null || !(await wasIssued(database, token))) return { outcome: "refused" };
	return writeTo(database, "accounts", (queries) => queries.transaction((tx) => judge(tx, token)));
}

/** Whether this token is one of its family's. Says nothing of whether it may still be used. */
async function wasIssued(database: Database, token: RefreshToken): Promise<boolean> {
	const { macKey, tokenHash, previousHash } = refreshFamilies;
	const [family] = await readFrom(database, "accounts", (queries) =>
		queries.select({ macKey, tokenHash, previousHash }).from(refreshFamilies).where(eq(refreshFamilies.id, token.familyId)),
	);
	if (family === undefined) return false;
	if (token.seal !== null) return hasValidSeal(token, family.macKey);
	return hasHash(token.secret, family.tokenHash) || hasPrevious(token, family.previousHash);
}

const hasPrevious = ({ secret }: RefreshToken, previousHash: string | null): boolean =>
	previousHash !== null && hasHash(secret, previousHash);

/** What becomes of a token that was issued, under the row lock of its family. */
async function judge(tx: Queries, token: RefreshToken): Promise<RotateOutcome> {
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
		.innerJoin(users, and(eq(users.id, refreshFamilies.userId), isNull(users.deletionStartedAt)))
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
	const isPrevious = hasPrevious(token, row.previousHash);
	if (!isRevoked && isPrevious && row.isInGrace && row.successorSalt !== null)
		return rotated(successorOf(secret, row.successorSalt), row.generation, true);
	// A token of a generation that is still to come, or another of the current one, was issued by a Postgres whose last rotations were
	// lost in a failover. It was never used, so it revokes nothing.
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

/** End one family of this user, whatever has become of it. Safe to call twice, as after a `DatabaseOutcomeUnknown`. */
export async function endRefreshFamily(database: Database, { userId, familyId }: { userId: UserId; familyId: string }): Promise<void> {
	await writeTo(database, "accounts", (queries) =>
		queries.delete(refreshFamilies).where(sql`${refreshFamilies.id} = ${familyId} and ${refreshFamilies.userId} = ${userId}`),
	);
}
