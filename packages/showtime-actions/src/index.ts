/** Drives the actions of staff that change both stores: reschedule, cancel, archive. */
export type { ActionDeps } from "./action-deps.ts";
export { type DriveOutcome, driveAction } from "./drive-action.ts";
export { driveArchive } from "./drive-archive.ts";
export { driveDueActions } from "./drive-due-actions.ts";
export { RECORDED_WAIT_MS, type WaitOutcome, waitForAction, waitForArchive } from "./wait-for-action.ts";
