/** For the tests of this room and of the rooms above it. */
export { settleAll } from "./settle-all.ts";
