/** What a local PostgreSQL is called and allows. docker-compose.yml says the same, and a test holds it to that. */
export const POSTGRES_DEFAULTS = {
	user: "holdfast",
	database: "holdfast",
	connectionsMax: 200,
	encoding: "UTF8",
	locale: "C.UTF-8",
} as const;
