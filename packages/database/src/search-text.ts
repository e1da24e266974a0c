/** Searches texts regardless of letter case and accents. */
import { type Column, type SQL, sql } from "drizzle-orm";
import { searchable } from "./schema/index.ts";

/**
 * Returns the condition that a column, which `searchable` generates, contains `q`. Spaces around `q` are ignored; `%`, `_` and `\` mean
 * themselves. They are escaped after the normalization, because that turns a full-width `％` into a plain `%`.
 */
export function hasText(column: Column, q: string): SQL {
	const part = searchable(sql`${q.trim()}::text`);
	return sql`${column} like '%' || regexp_replace(${part}, '[\\\\%_]', '\\\\\\&', 'g') || '%'`;
}
