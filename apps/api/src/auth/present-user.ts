/** A user as they are shown to themselves. */
import type { User } from "@holdfast/database";
import { toInstant } from "../contract/share.ts";
import type { UserBody } from "../contract/user.ts";

export const presentUser = (user: User): UserBody => ({
	id: user.id,
	email: user.email,
	displayName: user.displayName,
	role: user.role,
	createdAt: toInstant(user.createdAt),
});
