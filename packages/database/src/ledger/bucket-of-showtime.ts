/** Reads the bucket of a showtime in SQL. */
import { type SQL, sql } from "drizzle-orm";
import { showtimes } from "../schema/index.ts";

/** A SQL expression for the bucket of a row of `showtimes`: the last byte of the id, as `bucketOf` reads it in TypeScript. */
export const bucketOfShowtime: SQL<number> = sql`get_byte(uuid_send(${showtimes.id}), 15)`;
