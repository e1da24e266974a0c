/** Whether Redis takes writes: learnt by a real one, on the road that a confirm takes. */
import type { Redis } from "ioredis";
import type { Run } from "./call.ts";
import { SeatStoreFault, WritesRefused } from "./fault.ts";
import { WRITE_PROBE_KEY } from "./keys.ts";

/** However many ask, Redis gets one a second: each costs an fsync. Less than the second between two looks, whose timer may be early. */
const PROBE_EVERY_MS = 900;
const PROBE_TTL_MS = 10_000;

export type WriteProbe = {
	/** Probe, unless that was done within the last second. Never rejects: gives whether the last probe that was decided found that writes work. */
	run(): Promise<boolean>;
};

/**
 * `write` runs an acknowledged write. One that found no room or no connection in time decides nothing: a crowd is no reason to
 * call the server broken, and a server that cannot be reached is found out by whoever reads from it.
 */
export function createWriteProbe(write: (run: Run<unknown>) => Promise<unknown>): WriteProbe {
	let lastMs = Number.NEGATIVE_INFINITY;
	let latest: Promise<boolean> = Promise.resolve(false);
	let isWritable = false;
	let isUnderWay = false;

	async function probe(): Promise<boolean> {
		isUnderWay = true;
		try {
			await write((redis: Redis) => redis.set(WRITE_PROBE_KEY, "1", "PX", PROBE_TTL_MS));
			isWritable = true;
		} catch (error) {
			if (decides(error)) isWritable = false;
			// Nothing was sent, so the next who asks need not wait.
			if (isLocalRefusal(error)) lastMs = Number.NEGATIVE_INFINITY;
		} finally {
			isUnderWay = false;
		}
		return isWritable;
	}

	return {
		run() {
			if (isUnderWay || performance.now() - lastMs < PROBE_EVERY_MS) return latest;
			lastMs = performance.now();
			latest = probe();
			return latest;
		},
	};
}

/** A refusal of the server or of the store, or a write that no replica confirmed; what was never sent says nothing. */
function decides(error: unknown): boolean {
	if (!(error instanceof SeatStoreFault) || error.kind === "outcome_unknown" || isLocalRefusal(error)) return true;
	return error.cause instanceof Error && error.cause.name === "ReplyError";
}

const isLocalRefusal = (error: unknown): boolean => error instanceof SeatStoreFault && error.cause instanceof WritesRefused;
