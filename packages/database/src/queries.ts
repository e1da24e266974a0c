/** What a query is built from. */
import type { PostgresJsDatabase } from "drizzle-orm/postgres-js";

/** A pool, or a transaction on it. */
export type Queries = Pick<PostgresJsDatabase, "select" | "selectDistinct" | "insert" | "update" | "delete" | "execute" | "transaction">;

/** What a read is built from. `execute` takes any statement: only the types of the others keep a read from writing. */
export type ReadQueries = Pick<Queries, "select" | "selectDistinct" | "execute">;
