/** Converts a user to the response body that only this user gets. */
import type { User } from "@holdfast/database";
import { toInstant } from "../contract/share.ts";
import type { UserBody } from "../contract/user.ts";

/** Returns the body of a user. */
export const presentUser = (user: User): UserBody => ({
	id: user.id,
	email: user.email,
	displayName: user.displayName,
	role: user.role,
	createdAt: toInstant(user.createdAt),
});
