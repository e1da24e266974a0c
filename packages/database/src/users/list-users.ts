/** Lists and reads users for staff. */
import { BOX_OFFICE_USER_ID, parseUserId, type UserId } from "@holdfast/domain";
import { and, asc, eq, isNotNull, isNull, ne, type SQL, sql } from "drizzle-orm";
import type { Database } from "../create-database.ts";
import type { ReadQueries } from "../queries.ts";
import { type PageOutcome, type PageRequest, pageOf, parseCursor } from "../read-page.ts";
import { readFrom } from "../run-queries.ts";
import { type UserRole, users } from "../schema/index.ts";
import { hasText } from "../search-text.ts";
import { type AdminUser, adminUserColumns, adminUserOf, isAccount } from "./admin-user.ts";

/** Selects users; all conditions must hold. Deleted accounts are never listed. */
export type ListUsersRequest = PageRequest & {
	/** The e-mail, or what it begins with, in any letter case. `%` and `_` are plain characters. */
	readonly email?: string | undefined;
	/** Part of the name, in any letter case, with or without accents. `%` and `_` are plain characters. */
	readonly name?: string | undefined;
	readonly role?: UserRole | undefined;
	/** Only blocked users, or only those that are not. */
	readonly blocked?: boolean | undefined;
	/** Only accounts whose deletion has begun and is not finished, or only the others. */
	readonly deleting?: boolean | undefined;
};

/** The e-mail by which users are sorted: in lower case, in the order of its bytes. It is unique. */
const emailKey = sql<string>`lower(${users.email}) collate "C"`;
/** Sorts behind every character that an e-mail can have. */
const LAST_CHARACTER = "\u{10FFFF}";

/** Returns a page of users by e-mail, or `bad_cursor`. Changes nothing. */
export async function listUsers(database: Database, { limit, cursor, ...filters }: ListUsersRequest): Promise<PageOutcome<AdminUser>> {
	const after = cursor === undefined ? undefined : parseCursor(cursor, parseUserId, () => true);
	if (after === null) return { outcome: "bad_cursor" };
	const rows = await readFrom(database, "administration", (queries) =>
		selectUsers(queries, { ...filters, afterKey: after?.key, limit: limit + 1 }),
	);
	const found = rows.map(({ key, ...row }) => ({ key, user: adminUserOf(row) }));
	const { items, ...page } = pageOf(found, limit, ({ key, user }) => ({ key, id: user.id }));
	return { ...page, items: items.map(({ user }) => user) };
}

type SelectUsersRequest = Omit<ListUsersRequest, "cursor"> & { readonly afterKey?: string | undefined };

/** Returns the query of `limit` users. */
export const selectUsers = (queries: ReadQueries, { limit, ...request }: SelectUsersRequest) =>
	queries
		.select({ ...adminUserColumns, key: emailKey })
		.from(users)
		.where(and(isAccount, ...conditionsOf(request)))
		.orderBy(asc(emailKey))
		.limit(limit);

function conditionsOf({ email, name, role, blocked, deleting, afterKey }: Omit<SelectUsersRequest, "limit">): SQL[] {
	const conditions: SQL[] = [];
	if (afterKey !== undefined) conditions.push(sql`${emailKey} > ${afterKey}`);
	// A range instead of LIKE, which uses the index only if Postgres knows the text when it plans.
	if (email !== undefined)
		conditions.push(sql`${emailKey} >= lower(${email.trim()}) and ${emailKey} < lower(${email.trim()}) || ${LAST_CHARACTER}`);
	if (name !== undefined) conditions.push(hasText(users.searchName, name));
	if (role !== undefined) conditions.push(eq(users.role, role));
	if (blocked !== undefined) conditions.push((blocked ? isNotNull : isNull)(users.blockedAt));
	if (deleting !== undefined) conditions.push((deleting ? isNotNull : isNull)(users.deletionStartedAt));
	return conditions;
}

/** Returns the user, also after its account was deleted, or null when the user does not exist. The box-office account is no person. */
export async function findAdminUser(database: Database, id: UserId): Promise<AdminUser | null> {
	const [row] = await readFrom(database, "administration", (queries) =>
		queries
			.select(adminUserColumns)
			.from(users)
			.where(and(eq(users.id, id), ne(users.id, BOX_OFFICE_USER_ID))),
	);
	return row === undefined ? null : adminUserOf(row);
}
