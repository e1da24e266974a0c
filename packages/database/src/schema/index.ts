/** Exports every table, one file per group. `drizzle-kit generate` turns a change here into a migration in `drizzle/`. */
export * from "./actions.ts";
export * from "./audit.ts";
export * from "./auditoriums.ts";
export * from "./bookings.ts";
export * from "./movies.ts";
export * from "./showtimes.ts";
export * from "./sweep.ts";
export * from "./users.ts";
