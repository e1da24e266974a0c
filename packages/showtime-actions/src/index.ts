/** Drives what staff do that changes both stores: reschedule, cancel and archive of showtimes, and the revive of a booking. */
export type { ActionDeps } from "./action-deps.ts";
export { type DriveOutcome, driveAction } from "./drive-action.ts";
export { driveArchive } from "./drive-archive.ts";
export { driveDueActions } from "./drive-due-actions.ts";
export { type DriveReviveOutcome, driveRevive, WITHHELD_MS } from "./drive-revive.ts";
export { type ReviveDeps, resolveWithdrawal, resolveWithdrawals } from "./resolve-withdrawal.ts";
export { RECORDED_WAIT_MS, type WaitOutcome, waitForAction, waitForArchive } from "./wait-for-action.ts";
