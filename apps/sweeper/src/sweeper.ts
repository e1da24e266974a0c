/**
 * The sweeper makes time pass: it settles outboxes into the ledger, reaps lapsed holds, rebuilds showtimes that the fence
 * has closed, and corrects seats that the ledger has given to another. Two sweepers may run side by side; the advisory
 * lock of a bucket decides who settles it. `runOnce` is what tests drive; `start` loops over the same rounds.
 */
import { setTimeout } from "node:timers/promises";
import { createRebuilder } from "@holdfast/rebuild";
import { createBackOff } from "@holdfast/runtime";
import { startBeating } from "./beat-buckets.ts";
import { correctConflicts } from "./correct-conflicts.ts";
import { createBucketSettler, isHalt } from "./create-bucket-settler.ts";
import type { SweeperDeps } from "./deps.ts";
import { endQuarantines } from "./end-quarantines.ts";
import { createOpenAhead } from "./open-ahead.ts";
import { createRebuildQueue } from "./queue-rebuilds.ts";
import { reapExpired } from "./reap-expired.ts";

/** How long to wait for new entries before looking round again. */
const WAIT_FOR_ENTRIES_MS = 1_000;
/**
 * After a pass the next entries may gather. A lone booking is settled at once, a crowd in batches: one transaction costs
 * the same for one booking as for fifty, and an eager sweeper took half of a machine that was also serving confirms.
 */
const GATHER_MS = 100;
/** A pass that settled nothing though there were entries waits this long: they are somebody else's, or left. */
const IDLE_PASS_MS = 200;
const REAP_EVERY_MS = 250;
const OPEN_AHEAD_EVERY_MS = 500;
const CORRECT_EVERY_MS = 2_000;
const BACK_OFF = { minMs: 50, maxMs: 5_000 };

export type Sweeper = {
	/** Reap; settle every bucket once; rebuild what had to be left, and settle that; correct conflicts. */
	runOnce(): Promise<{ settled: number; reaped: number }>;
	start(): void;
	/** Ends after the batch in hand. */
	stop(): Promise<void>;
};

export function createSweeper(deps: SweeperDeps): Sweeper {
	const { seatStore, log, metrics } = deps;
	const stopping = new AbortController();
	const loops: Promise<void>[] = [];
	let stopBeating = (): void => {};
	const rebuilds = createRebuildQueue(deps, createRebuilder(deps));
	const openAhead = createOpenAhead(deps, rebuilds);
	const settler = createBucketSettler(deps, rebuilds);

	async function settleOnce(): Promise<void> {
		const buckets = await seatStore.waitForEntries({ timeoutMs: WAIT_FOR_ENTRIES_MS });
		if (buckets.length === 0) return;
		const settled = await settler.settleDue(buckets);
		await pause(settled > 0 ? GATHER_MS : IDLE_PASS_MS, stopping.signal);
	}

	async function reap(): Promise<number> {
		const reaped = await reapExpired(deps);
		metrics.reapedHolds.inc(reaped);
		return reaped;
	}

	async function correct(): Promise<void> {
		await correctConflicts(deps, rebuilds);
		await endQuarantines(deps, rebuilds);
		metrics.settleLag.set((await seatStore.settleLagMs()) / 1_000);
		metrics.outboxEntries.set((await seatStore.outboxDepths()).reduce((sum, depth) => sum + depth, 0));
	}

	/** Repeat `round` until stopped; a round that fails is retried with growing, jittered pauses. */
	async function loop(name: string, everyMs: number, round: () => Promise<unknown>): Promise<void> {
		const backOff = createBackOff(BACK_OFF);
		while (!stopping.signal.aborted) {
			try {
				await round();
				backOff.reset();
				await pause(everyMs, stopping.signal);
			} catch (error) {
				if (stopping.signal.aborted) return;
				const halts = isHalt(error);
				const waitMs = backOff.next();
				const backOffMs = halts ? BACK_OFF.maxMs : waitMs;
				log[halts ? "fatal" : "warn"]({ err: error, loop: name, backOffMs }, halts ? "halted: is a migration missing?" : "backing off");
				await pause(backOffMs, stopping.signal);
			}
		}
	}

	return {
		async runOnce() {
			const reaped = await reap();
			let settled = await settler.settleAll();
			await rebuilds.idle();
			settled += await settler.settleAll();
			await correct();
			return { reaped, settled };
		},
		start() {
			loops.push(
				loop("settle", 0, settleOnce),
				loop("reap", REAP_EVERY_MS, reap),
				loop("open-ahead", OPEN_AHEAD_EVERY_MS, openAhead),
				loop("correct", CORRECT_EVERY_MS, correct),
			);
			stopBeating = startBeating(deps);
		},
		async stop() {
			stopping.abort();
			stopBeating();
			await Promise.all(loops);
			await rebuilds.idle();
		},
	};
}

/** Sleep, or wake early when the sweeper stops. */
async function pause(ms: number, signal: AbortSignal): Promise<void> {
	if (ms > 0) await setTimeout(ms, undefined, { signal }).catch(() => {});
}
