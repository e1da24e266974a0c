/**
 * Run one statement over a connection of its own: is the server up, make or drop a database, show a person some rows.
 * Whatever the product asks of its tables belongs to the database package.
 */
import pg from "pg";

const CONNECT_DEADLINE_MS = 5_000;

/** Resolves to the rows, each column as PostgreSQL prints it (null stays null). Rejects with the server's error. */
export async function queryPostgres(url: string, statement: string): Promise<Record<string, string | null>[]> {
	const client = new pg.Client({
		connectionString: url,
		connectionTimeoutMillis: CONNECT_DEADLINE_MS,
		types: { getTypeParser: () => (value: string) => value },
	});
	// A server that stops while we are connected is reported by the query, not by an uncaught event.
	client.on("error", () => {});
	try {
		await client.connect();
		const result = await client.query<Record<string, string | null>>(statement);
		return result.rows;
	} finally {
		await client.end().catch(() => {});
	}
}
