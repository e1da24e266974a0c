/** The parts of Drizzle that build and run queries, for writes and for reads. */
import type { PostgresJsDatabase } from "drizzle-orm/postgres-js";

/** A connection pool, or a transaction on it. */
export type Queries = Pick<PostgresJsDatabase, "select" | "selectDistinct" | "insert" | "update" | "delete" | "execute" | "transaction">;

/** The subset for reads. `execute` accepts any SQL statement, so the types alone cannot keep raw SQL from writing. */
export type ReadQueries = Pick<Queries, "select" | "selectDistinct" | "execute">;
