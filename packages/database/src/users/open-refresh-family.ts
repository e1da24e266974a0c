/** A sign-in begins its family of refresh tokens. */
import { randomUUID } from "node:crypto";
import { DAY_MS, type UserId } from "@holdfast/domain";
import { assert } from "@holdfast/runtime";
import { sql } from "drizzle-orm";
import type { Database, Queries } from "../create-database.ts";
import { writeTo } from "../run-queries.ts";
import { refreshFamilies, users } from "../schema/index.ts";
import { formatRefreshToken, hashOf, newSecret } from "./refresh-token.ts";

/** A token that is not used for this long has expired. */
export const REFRESH_TTL_MS = 30 * DAY_MS;
/** A family ends this long after its sign-in, however busy it is: then the password is asked for again. */
export const FAMILY_LIFE_MAX_MS = 90 * DAY_MS;
/** Families of one user, about one per device; one more ends the oldest. */
export const FAMILIES_PER_USER_MAX = 20;
/** Expired families that a sign-in clears away. More than it adds, so they die out wherever anybody signs in. */
const CLEARED_AT_ONCE_MAX = 20;

export type OpenedFamily = { readonly familyId: string; readonly refreshToken: string };

/** `denied`: the account is being deleted, or was. */
export type OpenFamilyOutcome = ({ outcome: "opened" } & OpenedFamily) | { outcome: "denied" };

/**
 * Begin a family for a user who has just proved who they are. Clears away families that have expired, of anybody, and the
 * user's oldest beyond `FAMILIES_PER_USER_MAX`. Called again it begins another.
 */
export const openRefreshFamily = (database: Database, userId: UserId): Promise<OpenFamilyOutcome> =>
	writeTo(database, "accounts", (queries) =>
		queries.transaction(async (tx) => {
			if (!(await lockSignIn(tx, userId))) return { outcome: "denied" };
			return { outcome: "opened", ...(await insertRefreshFamily(tx, userId)) };
		}),
	);

/**
 * Whether the user may sign in, true until the end of the transaction: `denySignIn` waits for this lock and then sees the family,
 * or was first and is seen here. Settling, which references users, waits for neither.
 */
async function lockSignIn(tx: Queries, userId: UserId): Promise<boolean> {
	const rows = await tx.execute(sql`select from ${users} where id = ${userId} and deletion_started_at is null for share`);
	return rows.length > 0;
}

/** The same within a transaction of the caller's. */
export async function insertRefreshFamily(queries: Queries, userId: UserId): Promise<OpenedFamily> {
	const [familyId, secret] = [randomUUID(), newSecret()];
	// Locked rows are skipped: whoever has them is about to delete or to use them, and nobody waits for this.
	const [row] = await queries.execute<{ mac_key: string; generation: number }>(sql`
		with expired as (
			delete from ${refreshFamilies} where id in (
				select id from ${refreshFamilies} where expires_at <= now()
				order by expires_at limit ${CLEARED_AT_ONCE_MAX} for update skip locked)
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

/** Milliseconds as an interval. */
export const seconds = (ms: number) => sql`make_interval(secs => ${ms / 1000})`;
