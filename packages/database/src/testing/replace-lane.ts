/** Puts a test between a handle and its connections. */
import type { DatabaseWork } from "../connection-budgets.ts";
import { type Database, LANES } from "../create-database.ts";
import type { Lane } from "../open-lane.ts";

/** `database`, whose calls of one kind of work go to `run`. */
export function replaceLane(database: Database, kind: DatabaseWork, run: Lane["run"]): Database {
	const lanes = database[LANES];
	return { ...database, [LANES]: { ...lanes, [kind]: { ...lanes[kind], run } } };
}
