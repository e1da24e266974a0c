/** Tests whether Redis accepts writes, with a real write that takes the same path as a confirm. */
import type { Redis } from "ioredis";
import type { Run } from "./call.ts";
import { SeatStoreFault, WritesRefused } from "./fault.ts";
import { WRITE_PROBE_KEY } from "./keys.ts";

/**
 * Redis gets at most one probe per second, however many callers ask, because each probe costs an fsync. Slightly below a second,
 * because the timer that starts a probe every second may fire early.
 */
const PROBE_EVERY_MS = 900;
const PROBE_TTL_MS = 10_000;

/** Tests whether Redis accepts writes. */
export type WriteProbe = {
	/** Probes, unless a probe ran within the last second. Resolves to the result of the last conclusive probe. Never rejects. */
	run(): Promise<boolean>;
};

/**
 * `write` runs an acknowledged write. A probe that found no room or no connection in time is inconclusive: load does not mean
 * that the server is broken, and callers that read from an unreachable server notice it themselves.
 */
export function createWriteProbe(write: (run: Run<unknown>) => Promise<unknown>): WriteProbe {
	let lastMs = Number.NEGATIVE_INFINITY;
	let latest: Promise<boolean> = Promise.resolve(false);
	let isWritable = false;
	let isRunning = false;

	async function probe(): Promise<boolean> {
		isRunning = true;
		try {
			await write((redis: Redis) => redis.set(WRITE_PROBE_KEY, "1", "PX", PROBE_TTL_MS));
			isWritable = true;
		} catch (error) {
			if (isConclusive(error)) isWritable = false;
			// Nothing was sent, so the next caller may probe at once.
			if (isLocalRefusal(error)) lastMs = Number.NEGATIVE_INFINITY;
		} finally {
			isRunning = false;
		}
		return isWritable;
	}

	return {
		run() {
			if (isRunning || performance.now() - lastMs < PROBE_EVERY_MS) return latest;
			lastMs = performance.now();
			latest = probe();
			return latest;
		},
	};
}

/**
 * True for a refusal by the server or the store, and for a write that no replica confirmed. A write that was never sent is
 * inconclusive.
 */
function isConclusive(error: unknown): boolean {
	if (!(error instanceof SeatStoreFault) || error.kind === "outcome_unknown" || isLocalRefusal(error)) return true;
	return error.cause instanceof Error && error.cause.name === "ReplyError";
}

const isLocalRefusal = (error: unknown): boolean => error instanceof SeatStoreFault && error.cause instanceof WritesRefused;
