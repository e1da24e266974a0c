/** Opens a family of refresh tokens for a sign-in. */
import { randomUUID } from "node:crypto";
import { DAY_MS, type UserId } from "@holdfast/domain";
import { assert } from "@holdfast/runtime";
import { sql } from "drizzle-orm";
import type { Database, Queries } from "../create-database.ts";
import { writeTo } from "../run-queries.ts";
import { refreshFamilies, users } from "../schema/index.ts";
import { formatRefreshToken, hashOf, newSecret } from "./refresh-token.ts";

/** A refresh token expires when it is not used for this long. */
export const REFRESH_TTL_MS = 30 * DAY_MS;
/** A family ends this long after its sign-in, however often its tokens are used. Then the user must enter the password again. */
export const FAMILY_LIFE_MAX_MS = 90 * DAY_MS;
/** The maximum number of families of one user, about one per device. One more family ends the oldest. */
export const FAMILIES_PER_USER_MAX = 20;
/**
 * The maximum number of expired families that a sign-in deletes. It is above the one that it adds, so expired families do not accumulate.
 */
const EXPIRED_DELETED_MAX = 20;

/** A new family and its first token. */
export type OpenedFamily = { readonly familyId: string; readonly refreshToken: string };

/** `denied`: the account is being deleted or was deleted. `blocked`: staff have blocked the user. */
export type OpenFamilyOutcome = ({ outcome: "opened" } & OpenedFamily) | { outcome: "denied" | "blocked" };

/**
 * Opens a family for a user whose password was just verified. Also deletes up to 20 expired families of any user, and the user's oldest
 * families beyond `FAMILIES_PER_USER_MAX`. Each call opens another family.
 */
export const openRefreshFamily = (database: Database, userId: UserId): Promise<OpenFamilyOutcome> =>
	writeTo(database, "accounts", (queries) =>
		queries.transaction(async (tx) => {
			const verdict = await lockSignIn(tx, userId);
			if (verdict !== "allowed") return { outcome: verdict };
			return { outcome: "opened", ...(await insertRefreshFamily(tx, userId)) };
		}),
	);

/**
 * Returns whether the user may sign in, and locks the row so that this stays true until the end of the transaction. A concurrent
 * `denySignIn` or block either waits for this lock, and then sees the new family, or was first, and this refuses. Settling, whose foreign
 * keys refer to users, waits for neither.
 */
async function lockSignIn(tx: Queries, userId: UserId): Promise<"allowed" | "denied" | "blocked"> {
	const [row] = await tx.execute<{ is_blocked: boolean }>(
		sql`select blocked_at is not null as is_blocked from ${users} where id = ${userId} and deletion_started_at is null for share`,
	);
	if (row === undefined) return "denied";
	return row.is_blocked ? "blocked" : "allowed";
}

/** Opens a family within the caller's transaction, without checking that the user may sign in. */
export async function insertRefreshFamily(queries: Queries, userId: UserId): Promise<OpenedFamily> {
	const [familyId, secret] = [randomUUID(), newSecret()];
	// Skips locked rows instead of waiting: the transaction that locked them is about to delete or to use them.
	const [row] = await queries.execute<{ mac_key: string; generation: number }>(sql`
		with expired as (
			delete from ${refreshFamilies} where id in (
				select id from ${refreshFamilies} where expires_at <= now()
				order by expires_at limit ${EXPIRED_DELETED_MAX} for update skip locked)
		), surplus as (
			delete from ${refreshFamilies} where id in (
				select id from ${refreshFamilies} where user_id = ${userId}
				order by created_at desc, id offset ${FAMILIES_PER_USER_MAX - 1} for update skip locked)
		)
		insert into ${refreshFamilies} (id, user_id, token_hash, expires_at, ends_at)
		values (${familyId}, ${userId}, ${hashOf(secret)}, now() + ${seconds(REFRESH_TTL_MS)}, now() + ${seconds(FAMILY_LIFE_MAX_MS)})
		returning mac_key, generation`);
	assert(row !== undefined, "an insert returned no row");
	return { familyId, refreshToken: formatRefreshToken({ familyId, generation: row.generation, secret }, row.mac_key) };
}

/** Returns a SQL interval of `ms` milliseconds. */
export const seconds = (ms: number) => sql`make_interval(secs => ${ms / 1000})`;
