/** Test helpers for the packages and apps that use this package. */
export { settleAll } from "./settle-all.ts";
