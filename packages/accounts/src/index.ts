/** Deletes accounts, changes roles and blocks users in Redis and Postgres, for the command line and the API; and how long access tokens and denials last, for the API. */
export { ACCESS_TOKEN_TTL_SECONDS, denialEndsAt } from "./access-token-life.ts";
export { AccessChangeInterrupted, type AccessDeps, type AccessStep, changeAccess } from "./change-access.ts";
export { type ChangeRoleOutcome, changeRole } from "./change-role.ts";
export { DENIAL_WAIT_MS, type DeletionDeps, type DeletionOutcome, deleteAccount, deleteAccountById } from "./delete-account.ts";
export { DELETION_STEPS, DeletionInterrupted, type DeletionStep } from "./deletion-steps.ts";
export { deniedBlockId, deniedRoleId } from "./denied-access.ts";
export { beforeAnyChange, describeFault } from "./describe-fault.ts";
export { BOOKINGS_LISTED_MAX, type BookingAhead } from "./find-live-bookings.ts";
