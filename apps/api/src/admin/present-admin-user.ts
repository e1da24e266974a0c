/** Converts a user to its response body for staff. */
import type { AdminUser } from "@holdfast/database";
import type { AdminUserBody } from "../contract/admin-user.ts";
import { toInstant } from "../contract/share.ts";

const instantOrNull = (ms: number | null): string | null => (ms === null ? null : toInstant(ms));

/** Returns the body of a user for staff. */
export const presentAdminUser = (user: AdminUser): AdminUserBody => ({
	id: user.id,
	email: user.email,
	displayName: user.displayName,
	role: user.role,
	blockedAt: instantOrNull(user.blockedAt),
	deletionStartedAt: instantOrNull(user.deletionStartedAt),
	version: user.version,
	createdAt: toInstant(user.createdAt),
});
