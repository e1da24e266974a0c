/** For tests of this room: the commands of the store on one connection, without links, lanes and deadlines. */
import { DEFAULT_LIMITS, listBuckets } from "@holdfast/domain";
import type { Redis } from "ioredis";
import { type Bound, bindCommands, type Lanes } from "../command.ts";
import * as commands from "../commands/index.ts";

/** Bound to these lanes, with the rest as a store has it that is told nothing. `read` also serves the other lanes unless they are given. */
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

export const commandsOn = (redis: Redis, context: Partial<Lanes> = {}): Bound<typeof commands> =>
	commandsBy({ read: (_place, run) => run(redis), ...context });
