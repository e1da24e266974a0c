/** Names and limits of the local PostgreSQL. A test checks that docker-compose.yml has the same values. */
export const POSTGRES_DEFAULTS = {
	user: "holdfast",
	database: "holdfast",
	connectionsMax: 200,
	encoding: "UTF8",
	locale: "C.UTF-8",
} as const;
