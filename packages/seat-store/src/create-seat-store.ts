/** Creates the seat store for one Redis server. */
import { type Limits, listBuckets } from "@holdfast/domain";
import { SILENT_LOG } from "@holdfast/runtime";
import type { Redis } from "ioredis";
import { CALL_DEADLINE_MS } from "./call.ts";
import { bindCommands, type Lanes } from "./command.ts";
import * as commands from "./commands/index.ts";
import { createConfirmLane } from "./confirm-lane.ts";
import { SeatStoreFault, WritesRefused } from "./fault.ts";
import type { LinkLog } from "./keep-connected.ts";
import { PROBED_BUCKET } from "./keys.ts";
import { createLink, type Link, type LinkOptions } from "./link.ts";
import { atBucket } from "./place.ts";
import { createWriteProbe } from "./probe-writes.ts";
import type { SeatStore } from "./seat-store.ts";
import { createSeatSubscriptions } from "./subscribe-to-seats.ts";
import { createDurabilityCheck, type DurabilityOptions } from "./verify-durability.ts";

/** Which Redis server the store uses, with which limits, and how it treats acknowledgements. */
export type SeatStoreOptions = DurabilityOptions & {
	readonly url: string;
	readonly limits: Limits;
	readonly log?: LinkLog;
	/** Called with every new client before the client is used. For tests. */
	readonly prepareConnection?: (redis: Redis) => void;
	readonly commandsInFlightMax?: number;
	/**
	 * Test once a second with a real write whether Redis accepts writes. Otherwise the store tests that only when `isWritable` is
	 * called.
	 */
	readonly probesWrites?: boolean;
};

/**
 * Creates the store. Returns at once and connects in the background; a call waits up to a second for the connection. Writes wait
 * until the durability of the server is known.
 */
export function createSeatStore(options: SeatStoreOptions): SeatStore {
	const { url, limits, log = SILENT_LOG, ackLevel, prepareConnection: prepare, commandsInFlightMax } = options;
	const durability = createDurabilityCheck(options, log);
	const open = (own: Partial<LinkOptions>): Link => createLink({ url, log, prepare, commandsInFlightMax, ...own });
	const { refusal } = durability;
	const shared = open({
		refusal,
		async inspect(redis) {
			if (options.probesWrites === true) void probe.run();
			await durability.inspect(redis);
		},
	});
	const confirms = ackLevel === "replica" ? open({ use: "confirms", refusal, inspect: durability.inspectOnce }) : null;
	const lane = confirms && createConfirmLane({ link: confirms, deadlineMs: CALL_DEADLINE_MS });
	const seatSubscriptions = createSeatSubscriptions(open);
	let blocking: Link | null = null;

	const lanes: Lanes = {
		limits,
		ackLevel,
		buckets: listBuckets(limits),
		read: (place, run) => shared.run(place, "read", CALL_DEADLINE_MS, run),
		write: (place, run, deadlineMs = CALL_DEADLINE_MS) => shared.run(place, "write", deadlineMs, run),
		durable: (place, run, hasWritten) => lane?.run(run, hasWritten) ?? lanes.write(place, run),
		block(place, run, timeoutMs) {
			blocking ??= open({ use: "blocking reads", silenceMaxMs: 0, isBlocking: true });
			return blocking.run(place, "read", timeoutMs + CALL_DEADLINE_MS, run);
		},
	};
	const probe = createWriteProbe(async (run) => {
		const { replicasOnline, replicasNeeded } = durability.condition();
		// Fails without sending a WAIT, which would delay the confirms of other callers for nothing.
		if ((replicasOnline ?? replicasNeeded) < replicasNeeded)
			throw new SeatStoreFault(
				"unavailable",
				new WritesRefused(`only ${replicasOnline} of ${replicasNeeded} required replicas are online`),
			);
		return lanes.durable(atBucket(PROBED_BUCKET), run, () => true);
	});

	return {
		...bindCommands(commands, lanes),
		watchSeats: (id, listener) => seatSubscriptions.watch(id, listener),
		isWritable: probe.run,
		durability: durability.state,
		condition: durability.condition,
		close: async () => {
			for (const link of [shared, confirms, blocking, seatSubscriptions]) link?.close();
		},
	};
}
