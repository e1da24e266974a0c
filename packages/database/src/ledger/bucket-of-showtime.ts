/** The bucket of a showtime, inside a statement: the last byte of the showtime's id, as `bucketOf` reads it outside. */
import { type SQL, sql } from "drizzle-orm";
import { showtimes } from "../schema/index.ts";

export const bucketOfShowtime: SQL<number> = sql`get_byte(uuid_send(${showtimes.id}), 15)`;
