/**
 * Runs one SQL text over a new connection: to see whether a server is up, to create or drop a database, and for tests and tools that
 * look at rows. Queries of the product belong to the database package.
 */
import pg from "pg";

const CONNECT_DEADLINE_MS = 5_000;

/** Resolves to the rows; every value is PostgreSQL's text form of it, or null. Rejects with the server's error. */
export async function queryPostgres(url: string, statement: string): Promise<Record<string, string | null>[]> {
	const client = new pg.Client({
		connectionString: url,
		connectionTimeoutMillis: CONNECT_DEADLINE_MS,
		types: { getTypeParser: () => (value: string) => value },
	});
	// If the server stops meanwhile, the query rejects. Without this listener the error event would also end the process.
	client.on("error", () => {});
	try {
		await client.connect();
		const result = await client.query<Record<string, string | null>>(statement);
		return result.rows;
	} finally {
		await client.end().catch(() => {});
	}
}
