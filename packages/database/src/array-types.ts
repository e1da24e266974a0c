/**
 * How arrays are sent to Postgres and read from it. postgres.js can learn this by itself, with a query to `pg_type` on each new connection,
 * but nothing handles that query's failure: a connection that is lost during it ends the whole process (postgres.js 3.4.9).
 */

/** The array types that this package uses, by their fixed OIDs in `pg_type`. An array of any other type is refused by Postgres as malformed. */
const TEXTS = { to: 1009, from: [], serialize: formatArray, parse: refuse };
const UUIDS = { to: 2951, from: [], serialize: formatArray, parse: refuse };
const SMALLINTS = { to: 1005, from: [], serialize: formatArray, parse: refuse };
const BIGINTS = { to: 1016, from: [], serialize: formatArray, parse: refuse };
const INTEGERS = { to: 1007, from: [1007], serialize: formatArray, parse: parseIntegers };

/** For the driver's option `types`; it needs `fetch_types: false` beside it. */
export const ARRAY_TYPES = { texts: TEXTS, uuids: UUIDS, smallints: SMALLINTS, bigints: BIGINTS, integers: INTEGERS };

/** A Postgres array literal. Text that is a literal already, as the query builder makes of an array column, is passed on. */
function formatArray(values: readonly (string | number | null)[] | string): string {
	if (typeof values === "string") return values;
	return `{${values.map((value) => (value === null ? "null" : `"${String(value).replaceAll(/["\\]/g, "\\$&")}"`)).join(",")}}`;
}

function parseIntegers(literal: string): number[] {
	return literal === "{}" ? [] : literal.slice(1, -1).split(",").map(Number);
}

/** Never called: `from` is empty, because no query returns such an array. */
function refuse(literal: string): never {
	throw new Error(`no parser for the array ${literal.slice(0, 20)}`);
}
