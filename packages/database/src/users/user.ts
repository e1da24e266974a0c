/** A user as the rest of the system sees one: without the password hash. */
import type { UserId } from "@holdfast/domain";
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

export function userOf(row: Omit<User, "createdAt"> & { createdAt: Date }): User {
	return { id: row.id, email: row.email, displayName: row.displayName, role: row.role, createdAt: row.createdAt.getTime() };
}
