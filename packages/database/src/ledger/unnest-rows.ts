/** Hand many rows to Postgres as one array per column: a few parameters however many rows there are. */
import { type SQL, sql } from "drizzle-orm";

/** SQL type of a column, and its value in a row. */
export type RowColumn<Row> = readonly ["uuid" | "text" | "integer" | "bigint", (row: Row) => string | number | null];

/**
 * `rows` as a table `given` with these columns, for a `from` clause.
 */
export function unnestRows<Row>(rows: readonly Row[], columns: Readonly<Record<string, RowColumn<Row>>>): SQL {
	const arrays = Object.values(columns).map(([type, read]) => sql`${sql.param(rows.map(read))}::${sql.raw(type)}[]`);
	const names = Object.keys(columns).map((name) => sql.identifier(name));
	return sql`unnest(${sql.join(arrays, sql`, `)}) as given (${sql.join(names, sql`, `)})`;
}

/** A column of epoch ms in `given`, as an instant. */
export function givenInstant(column: string): SQL {
	return sql`to_timestamp(given.${sql.identifier(column)} / 1000.0)`;
}
