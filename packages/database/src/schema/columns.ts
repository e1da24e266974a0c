/** Kinds of column that every table of the ledger and the catalogue shares. */
import { timestamp } from "drizzle-orm/pg-core";

/**
 * An instant, UTC, to the millisecond: the resolution of the clock that stamps bookings. Comes and goes as a
 * `Date`; outside this package an instant is a number of epoch milliseconds.
 */
export const instant = (name: string) => timestamp(name, { withTimezone: true, precision: 3, mode: "date" });

/** When the row was written, by the clock of Postgres. */
export const writtenAt = (name: string) => instant(name).notNull().defaultNow();
