/**
 * Use a refresh token: it is good once, and its successor comes back. Two things look alike and must be told apart. An
 * answer that was lost: its client sends the same token again, soon, and nobody has used the successor; it is given the
 * same successor again. A token that was stolen: thief and owner both send it, and the later one finds it used. Neither
 * can be told who is who, so the whole family ends and the password decides.
 *
 * What the grace gives away: a thief who sends a stolen token within it shares the successor, until one of the two uses
 * that; the other is then found out, unless again within the grace. A fork (two successors of one token) never exists.
 */
import type { UserId } from "@holdfast/domain";
import { and, eq, isNull, sql } from "drizzle-orm";
import { asWrite } from "../classify-error.ts";
import type { Database, Queries } from "../create-database.ts";
import { refreshFamilies, users } from "../schema/index.ts";
import { REFRESH_TTL_MS, seconds } from "./open-refresh-family.ts";
import { formatRefreshToken, hasHash, hashOf, newSalt, parseRefreshToken, type RefreshToken, successorOf } from "./refresh-token.ts";
import { type User, userColumns, userOf } from "./user.ts";

/** How long after its use a token may be sent again. Longer than a client waits before it repeats a request. */
export const REFRESH_GRACE_MS = 10_000;

/**
 * `rotated`: the successor, new or (`isRepeat`) the same again. `reused`: the token was used before and the grace does not
 * cover it; none of its family is good any more, and asked again with any of them it is `reused` again, until the caller has denied
 * its access tokens and calls `endRefreshFamily`. `refused`: no token of ours, expired, or of a family that was ended.
 */
export type RotateOutcome =
	| { outcome: "rotated"; user: User; familyId: string; refreshToken: string; isRepeat: boolean }
	| { outcome: "reused"; userId: UserId; familyId: string }
	| { outcome: "refused" };

/** No token has it. */
const NOBODYS_HASH = "";

/** Two at once with one token: both are given the same successor. Throws `DatabaseOutcomeUnknown` when Postgres was lost in it. */
export async function rotateRefreshToken(database: Database, text: string): Promise<RotateOutcome> {
	const token = parseRefreshToken(text);
	if (token === null) return { outcome: "refused" };
	return asWrite(database.run("accounts", (queries) => queries.transaction((tx) => judge(tx, token))));
}

async function judge(tx: Queries, token: RefreshToken): Promise<RotateOutcome> {
	const { familyId, secret } = token;
	const [row] = await tx
		.select({
			...userColumns,
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
	const rotated = (next: Buffer, isRepeat: boolean): RotateOutcome => ({
		outcome: "rotated",
		user: userOf(row),
		familyId,
		refreshToken: formatRefreshToken({ familyId, secret: next }),
		isRepeat,
	});

	if (hasHash(secret, row.tokenHash)) {
		const salt = newSalt();
		const next = successorOf(secret, salt);
		await replaceToken(tx, familyId, { tokenHash: hashOf(next), previousHash: row.tokenHash, successorSalt: salt });
		return rotated(next, false);
	}
	const isPrevious = row.previousHash !== null && hasHash(secret, row.previousHash);
	if (isPrevious && row.isInGrace && row.successorSalt !== null) return rotated(successorOf(secret, row.successorSalt), true);
	// Older than that, or made up by somebody who knows the family's id: only a holder of one of its tokens does.
	await tx
		.update(refreshFamilies)
		.set({ tokenHash: NOBODYS_HASH, previousHash: null, successorSalt: null, rotatedAt: null })
		.where(eq(refreshFamilies.id, familyId));
	return { outcome: "reused", userId: userOf(row).id, familyId };
}

async function replaceToken(
	tx: Queries,
	familyId: string,
	hashes: { tokenHash: string; previousHash: string; successorSalt: string },
): Promise<void> {
	await tx
		.update(refreshFamilies)
		.set({
			...hashes,
			rotatedAt: sql`now()`,
			expiresAt: sql`least(now() + ${seconds(REFRESH_TTL_MS)}, ${refreshFamilies.endsAt})`,
		})
		.where(eq(refreshFamilies.id, familyId));
}

/** End one family of this user, whatever has become of it. Safe to call twice, as after a `DatabaseOutcomeUnknown`. */
export async function endRefreshFamily(database: Database, { userId, familyId }: { userId: UserId; familyId: string }): Promise<void> {
	await asWrite(
		database.run("accounts", (queries) =>
			queries.delete(refreshFamilies).where(sql`${refreshFamilies.id} = ${familyId} and ${refreshFamilies.userId} = ${userId}`),
		),
	);
}
