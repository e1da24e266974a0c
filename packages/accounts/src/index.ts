/** Deletes accounts and changes roles in Redis and Postgres, for the command line and the API; and how long access tokens and denials last, for the API. */
export { ACCESS_TOKEN_TTL_SECONDS, denialEndsAt } from "./access-token-life.ts";
export { type ChangeRoleOutcome, changeRole, RoleChangeInterrupted, type RoleDeps, type RoleStep } from "./change-role.ts";
export { DENIAL_WAIT_MS, type DeletionDeps, type DeletionOutcome, deleteAccount } from "./delete-account.ts";
export { DELETION_STEPS, DeletionInterrupted, type DeletionStep } from "./deletion-steps.ts";
export { deniedRoleId } from "./denied-role.ts";
export { beforeAnyChange, describeFault } from "./describe-fault.ts";
export { BOOKINGS_LISTED_MAX, type BookingAhead } from "./find-live-bookings.ts";
