/** Every command of the seat store, in one table. */
export * from "./ask-server.ts";
export * from "./block-seats.ts";
export * from "./change-booking.ts";
export * from "./correct-seats.ts";
export * from "./count-live.ts";
export * from "./drain-outbox.ts";
export * from "./find-old-key.ts";
export * from "./find-unopened.ts";
export * from "./find-user-bookings.ts";
export * from "./install-showtime.ts";
export * from "./place-hold.ts";
export * from "./read-bookings.ts";
export * from "./read-seat-map.ts";
export * from "./read-seat-maps.ts";
export * from "./read-showtime.ts";
export * from "./reschedule.ts";
export * from "./set-terms.ts";
