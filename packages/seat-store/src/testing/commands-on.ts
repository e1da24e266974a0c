/** Test helpers that run the seat store's commands directly on a connection, without reconnects and deadlines. */
import { DEFAULT_LIMITS, listBuckets } from "@holdfast/domain";
import type { Redis } from "ioredis";
import { type Bound, bindCommands, type Lanes } from "../command.ts";
import * as commands from "../commands/index.ts";

/** Returns all commands bound to the given lanes. `read` also serves the lanes that are left out. Limits and buckets are the defaults. */
export function commandsBy(lanes: Pick<Lanes, "read"> & Partial<Lanes>): Bound<typeof commands> {
	const { read } = lanes;
	const buckets = listBuckets(DEFAULT_LIMITS);
	return bindCommands(commands, {
		limits: DEFAULT_LIMITS,
		ackLevel: undefined,
		buckets,
		write: read,
		durable: read,
		block: read,
		...lanes,
	});
}

/** Returns all commands bound to one connection. `context` replaces lanes, limits, buckets or the `ACK_LEVEL`. */
export const commandsOn = (redis: Redis, context: Partial<Lanes> = {}): Bound<typeof commands> =>
	commandsBy({ read: (_place, run) => run(redis), ...context });
