/** A user as the rest of the system sees one: without the password hash. */
import type { UserId } from "@holdfast/domain";
import { assert } from "@holdfast/runtime";
import { type UserRole, users } from "../schema/index.ts";

export type User = {
	readonly id: UserId;
	readonly email: string;
	readonly displayName: string;
	readonly role: UserRole;
	/** Epoch ms. */
	readonly createdAt: number;
};

/** The columns that `userOf` needs. */
export const userColumns = {
	id: users.id,
	email: users.email,
	displayName: users.displayName,
	role: users.role,
	createdAt: users.createdAt,
};

/** What the database gives for `userColumns`; e-mail and name are null once the account was deleted. */
export type UserRow = Pick<User, "id" | "role"> & {
	readonly email: string | null;
	readonly displayName: string | null;
	readonly createdAt: Date;
};

/** The user of a row. Throws for the row of a deleted account: exclude those rows in the query. */
export function userOf({ id, email, displayName, role, createdAt }: UserRow): User {
	assert(email !== null && displayName !== null, `user ${id} was deleted`);
	return { id, email, displayName, role, createdAt: createdAt.getTime() };
}
