/** The domain: types, ids, limits and rules of seats, holds, bookings and showtimes. Pure: no I/O, imports no other package of the repo. */
export * from "./booking.ts";
export * from "./booking-event.ts";
export * from "./conflict.ts";
export * from "./find-layout-errors.ts";
export * from "./ids.ts";
export * from "./lifetimes.ts";
export * from "./limits.ts";
export * from "./money.ts";
export * from "./outbox-entry.ts";
export type { PlanError, PlanErrorsOfKind } from "./plan-errors.ts";
export * from "./seat-map.ts";
export * from "./seat-plan.ts";
export * from "./showtime.ts";
export * from "./showtime-event.ts";
export * from "./showtime-snapshot.ts";
export * from "./timeline.ts";
