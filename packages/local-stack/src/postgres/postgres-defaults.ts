/** Names and limits of the local PostgreSQL. A test checks that docker-compose.yml has the same values. */
export const POSTGRES_DEFAULTS = {
	/** The superuser, who owns the database and runs the migrations. */
	user: "holdfast",
	/** The role that API, sweeper and commands connect with; the migrations create it. */
	applicationUser: "holdfast_app",
	database: "holdfast",
	connectionsMax: 200,
	encoding: "UTF8",
	locale: "C.UTF-8",
} as const;
