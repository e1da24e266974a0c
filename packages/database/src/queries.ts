/** What a query is built from. */
import type { PostgresJsDatabase } from "drizzle-orm/postgres-js";

/** A pool, or a transaction on it. */
export type Queries = Pick<PostgresJsDatabase, "select" | "selectDistinct" | "insert" | "update" | "delete" | "execute" | "transaction">;
