/** The type of a user outside this package, and its mapping from a row. */
import type { UserId } from "@holdfast/domain";
import { assert } from "@holdfast/runtime";
import { type UserRole, users } from "../schema/index.ts";

/** A user without the password hash. */
export type User = {
	readonly id: UserId;
	readonly email: string;
	readonly displayName: string;
	readonly role: UserRole;
	/** Epoch ms. */
	readonly createdAt: number;
};

/** The columns to select for `userOf`. */
export const userColumns = {
	id: users.id,
	email: users.email,
	displayName: users.displayName,
	role: users.role,
	createdAt: users.createdAt,
};

/** A row of `userColumns`. E-mail and name are null after the account was deleted. */
export type UserRow = Pick<User, "id" | "role"> & {
	readonly email: string | null;
	readonly displayName: string | null;
	readonly createdAt: Date;
};

/** Maps a row to a user. Throws for a deleted account: the query must exclude deleted accounts. */
export function userOf({ id, email, displayName, role, createdAt }: UserRow): User {
	assert(email !== null && displayName !== null, `user ${id} was deleted`);
	return { id, email, displayName, role, createdAt: createdAt.getTime() };
}
