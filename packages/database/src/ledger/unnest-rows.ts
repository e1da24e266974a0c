/** Passes many rows to Postgres as one array per column, so that a statement has a few parameters regardless of the number of rows. */
import { type SQL, sql } from "drizzle-orm";

/** The type of a column. Values of `instant` are passed as epoch ms, values of `jsonb` as text. */
type ColumnType = "uuid" | "text" | "smallint" | "integer" | "bigint" | "instant" | "jsonb";

/** The type of a column, and a function that returns the value of the column for a row. */
export type RowColumn<Row> = readonly [ColumnType, (row: Row) => string | number | null];
/** Columns by name. */
export type RowColumns<Row> = Readonly<Record<string, RowColumn<Row>>>;

/**
 * Returns `rows` as a table `given` with these columns, for a `from` clause. In this table an `instant` is a number of ms and a `jsonb` is
 * text.
 */
export function unnestRows<Row>(rows: readonly Row[], columns: RowColumns<Row>): SQL {
	const arrays = Object.values(columns).map(([type, read]) => sql`${sql.param(rows.map(read))}::${sql.raw(sentAs(type))}[]`);
	const names = Object.keys(columns).map((name) => sql.identifier(name));
	return sql`unnest(${sql.join(arrays, sql`, `)}) as given (${sql.join(names, sql`, `)})`;
}

/** Returns an insert of `rows` into a table. The caller may append `order by` and `on conflict`. */
export function insertRows<Row>(table: string, rows: readonly Row[], columns: RowColumns<Row>): SQL {
	const names = Object.keys(columns).map((name) => sql.identifier(name));
	return sql`
		insert into ${sql.identifier(table)} (${sql.join(names, sql`, `)})
		select ${sql.join(Object.entries(columns).map(givenValue), sql`, `)} from ${unnestRows(rows, columns)}`;
}

/** Returns the assignments of an update from `given`: each of these columns gets its value there. */
export function setGiven<Row>(columns: RowColumns<Row>): SQL {
	const changes = Object.entries(columns).map((column) => sql`${sql.identifier(column[0])} = ${givenValue(column)}`);
	return sql.join(changes, sql`, `);
}

/** Returns the value of a column in `given`, converted to the type of the column. */
function givenValue<Row>([name, [type]]: [string, RowColumn<Row>]): SQL {
	if (type === "instant") return givenInstant(name);
	return type === "jsonb" ? sql`given.${sql.identifier(name)}::jsonb` : sql`given.${sql.identifier(name)}`;
}

/** Returns the assignments for `do update set`: each of these columns gets its value in the row that conflicted. */
export function setExcluded(columns: RowColumns<never>): SQL {
	const changes = Object.keys(columns).map((name) => sql`${sql.identifier(name)} = excluded.${sql.identifier(name)}`);
	return sql.join(changes, sql`, `);
}

/** Returns a column of `given` that holds epoch ms, converted to an instant. */
export function givenInstant(column: string): SQL {
	return sql`to_timestamp(given.${sql.identifier(column)} / 1000.0)`;
}

function sentAs(type: ColumnType): string {
	if (type === "instant") return "bigint";
	return type === "jsonb" ? "text" : type;
}
