/** Names sets of a user's access tokens for the deny list. */
import type { UserRole } from "@holdfast/database";
import type { UserId } from "@holdfast/domain";

/**
 * Returns the id under which the deny list refuses every access token of the user that carries this role. The user's other tokens stay
 * valid: a user who was demoted can sign in again at once. The list of families alone would not do, because a family may be deleted before
 * its last access token expires (a 21st sign-in).
 */
export const deniedRoleId = (userId: UserId, role: UserRole): string => `${role}:${userId}`;

/**
 * Returns the id under which the deny list refuses every access token of a user who is blocked. Not the user's id: a deletion denies that
 * one, and an unblock must not lift the denial of a deletion, nor the reverse.
 */
export const deniedBlockId = (userId: UserId): string => `blocked:${userId}`;
