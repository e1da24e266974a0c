/** Column types that the tables of the ledger and the catalogue share. */
import { integer, timestamp } from "drizzle-orm/pg-core";

/**
 * Returns a column for an instant in UTC with millisecond precision, the precision of the Redis clock that times bookings. Queries read
 * and write it as a `Date`; outside this package an instant is a number of epoch milliseconds.
 */
export const instant = (name: string) => timestamp(name, { withTimezone: true, precision: 3, mode: "date" });

/** Returns a column that defaults to the time of the insert, by the Postgres clock. */
export const writtenAt = (name: string) => instant(name).notNull().defaultNow();

/** Returns a column that counts the changes of a row from 1. It is the ETag of the admin's resource: a change names the version it is based on. */
export const rowVersion = () => integer("version").notNull().default(1);
