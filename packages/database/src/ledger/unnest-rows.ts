/** Hand many rows to Postgres as one array per column: a few parameters however many rows there are. */
import { type SQL, sql } from "drizzle-orm";

/** `instant` is given as epoch ms, `jsonb` as text. */
type ColumnType = "uuid" | "text" | "smallint" | "integer" | "bigint" | "instant" | "jsonb";

/** Type of a column, and its value in a row. */
export type RowColumn<Row> = readonly [ColumnType, (row: Row) => string | number | null];
/** By name. */
export type RowColumns<Row> = Readonly<Record<string, RowColumn<Row>>>;

/**
 * `rows` as a table `given` with these columns, for a `from` clause. An `instant` is a number of ms in it, a `jsonb` is text.
 */
export function unnestRows<Row>(rows: readonly Row[], columns: RowColumns<Row>): SQL {
	const arrays = Object.values(columns).map(([type, read]) => sql`${sql.param(rows.map(read))}::${sql.raw(sentAs(type))}[]`);
	const names = Object.keys(columns).map((name) => sql.identifier(name));
	return sql`unnest(${sql.join(arrays, sql`, `)}) as given (${sql.join(names, sql`, `)})`;
}

/** `rows` added to a table whose columns have these names; the caller may go on with `order by` and `on conflict`. */
export function insertRows<Row>(table: string, rows: readonly Row[], columns: RowColumns<Row>): SQL {
	const names = Object.keys(columns).map((name) => sql.identifier(name));
	const values = Object.entries(columns).map(([name, [type]]) => {
		if (type === "instant") return givenInstant(name);
		return type === "jsonb" ? sql`given.${sql.identifier(name)}::jsonb` : sql`given.${sql.identifier(name)}`;
	});
	return sql`
		insert into ${sql.identifier(table)} (${sql.join(names, sql`, `)})
		select ${sql.join(values, sql`, `)} from ${unnestRows(rows, columns)}`;
}

/** What follows `do update set`: each of these columns as the row that was refused has it. */
export function setExcluded(columns: RowColumns<never>): SQL {
	const changes = Object.keys(columns).map((name) => sql`${sql.identifier(name)} = excluded.${sql.identifier(name)}`);
	return sql.join(changes, sql`, `);
}

/** A column of epoch ms in `given`, as an instant. */
export function givenInstant(column: string): SQL {
	return sql`to_timestamp(given.${sql.identifier(column)} / 1000.0)`;
}

function sentAs(type: ColumnType): string {
	if (type === "instant") return "bigint";
	return type === "jsonb" ? "text" : type;
}
