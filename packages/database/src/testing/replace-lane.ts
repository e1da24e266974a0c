/** Lets a test intercept the calls of a database handle. */
import type { DatabaseWork } from "../connection-budgets.ts";
import { type Database, LANES } from "../create-database.ts";
import type { Lane } from "../open-lane.ts";

/** Returns a copy of `database` that passes the calls of one kind of work to `run`. */
export function replaceLane(database: Database, kind: DatabaseWork, run: Lane["run"]): Database {
	const lanes = database[LANES];
	return { ...database, [LANES]: { ...lanes, [kind]: { ...lanes[kind], run } } };
}
