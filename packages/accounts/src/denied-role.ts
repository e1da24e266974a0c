/** Names the access tokens of a user that carry a role, for the deny list. */
import type { UserRole } from "@holdfast/database";
import type { UserId } from "@holdfast/domain";

/**
 * Returns the id under which the deny list refuses every access token of the user that carries this role. The user's other tokens stay
 * valid: a user who was demoted can sign in again at once. The list of families alone would not do, because a family may be deleted before
 * its last access token expires (a 21st sign-in).
 */
export const deniedRoleId = (userId: UserId, role: UserRole): string => `${role}:${userId}`;
