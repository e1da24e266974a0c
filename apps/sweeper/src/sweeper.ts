/**
 * The sweeper makes time pass: it settles outboxes into the ledger, reaps lapsed holds, rebuilds showtimes that the fence
 * has closed, and corrects seats that the ledger has given to another. Two sweepers may run side by side; the advisory
 * lock of a bucket decides who settles it. `runOnce` is what tests drive; `start` loops over the same rounds.
 */
import { setTimeout } from "node:timers/promises";
import { classifySettleError } from "@holdfast/database";
import { BUCKET_COUNT } from "@holdfast/domain";
import { createRebuilder } from "@holdfast/rebuild";
import { SeatStoreFault } from "@holdfast/seat-store";
import { correctConflicts, endQuarantines } from "./correct-seats.ts";
import type { SweeperDeps } from "./deps.ts";
import { createOpenAhead } from "./open-ahead.ts";
import { reapLapsed } from "./reap-lapsed.ts";
import { createRebuilds } from "./rebuild-showtimes.ts";
import { createBatchSize, settleBucket } from "./settle-bucket.ts";

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
const BACK_OFF_MIN_MS = 50;
const BACK_OFF_MAX_MS = 5_000;
/** The sweeper is taken for dead when it has not said otherwise for this long. */
const HEARTBEAT_TTL_MS = 2_000;
const HEARTBEAT_EVERY_MS = 500;
/** Buckets settled at the same time, each in its own transaction. */
const BUCKETS_AT_ONCE = 4;

const ALL_BUCKETS = Array.from({ length: BUCKET_COUNT }, (_, bucket) => bucket);

export type Sweeper = {
	/** Reap; settle every bucket once; rebuild what had to be left, and settle that; correct conflicts. */
	runOnce(): Promise<{ settled: number; reaped: number }>;
	start(): void;
	/** Ends after the batch in hand. */
	stop(): Promise<void>;
};

export function createSweeper(deps: SweeperDeps): Sweeper {
	const { seatStore, log, metrics, limits } = deps;
	const stopping = new AbortController();
	const loops: Promise<void>[] = [];
	const rebuilds = createRebuilds(deps, createRebuilder(deps));
	const openAhead = createOpenAhead(deps, rebuilds);
	const sizes = ALL_BUCKETS.map(() => createBatchSize(limits.settleBatchMax));

	/** Gives how many entries were settled; what had to be left is rebuilt beside it. */
	async function settleAll(buckets: readonly number[]): Promise<number> {
		const queue = [...buckets];
		let settled = 0;
		const work = async (): Promise<void> => {
			for (let bucket = queue.shift(); bucket !== undefined; bucket = queue.shift()) {
				const size = sizes[bucket] ?? createBatchSize(limits.settleBatchMax);
				const pass = await settleBucket(deps, bucket, size);
				for (const showtimeId of pass.left) rebuilds.want(showtimeId);
				settled += pass.settled;
			}
		};
		const workers = await Promise.allSettled(Array.from({ length: BUCKETS_AT_ONCE }, work));
		const failed = workers.find((worker) => worker.status === "rejected");
		if (failed) throw failed.reason;
		return settled;
	}

	async function settleOnce(): Promise<void> {
		const buckets = await seatStore.waitForEntries({ timeoutMs: WAIT_FOR_ENTRIES_MS });
		if (buckets.length === 0) return;
		const settled = await settleAll(buckets);
		await pause(settled > 0 ? GATHER_MS : IDLE_PASS_MS, stopping.signal);
	}

	async function reap(): Promise<number> {
		const reaped = await reapLapsed(seatStore);
		metrics.reapedHolds.inc(reaped);
		return reaped;
	}

	async function correct(): Promise<void> {
		await correctConflicts(deps, rebuilds);
		await endQuarantines(deps, rebuilds);
		metrics.outboxEntries.set((await seatStore.outboxDepths()).reduce((sum, depth) => sum + depth, 0));
	}

	/** Repeat `round` until stopped; a round that fails is retried with growing, jittered pauses. */
	async function loop(name: string, everyMs: number, round: () => Promise<unknown>): Promise<void> {
		let backOffMs = BACK_OFF_MIN_MS;
		while (!stopping.signal.aborted) {
			try {
				await round();
				backOffMs = BACK_OFF_MIN_MS;
				await pause(everyMs, stopping.signal);
			} catch (error) {
				if (stopping.signal.aborted) return;
				const isHalt = !(error instanceof SeatStoreFault) && classifySettleError(error) === "halt";
				log[isHalt ? "fatal" : "warn"]({ err: error, loop: name, backOffMs }, isHalt ? "halted: is a migration missing?" : "backing off");
				await pause(isHalt ? BACK_OFF_MAX_MS : backOffMs * (0.5 + Math.random()), stopping.signal);
				backOffMs = Math.min(backOffMs * 2, BACK_OFF_MAX_MS);
			}
		}
	}

	return {
		async runOnce() {
			const reaped = await reap();
			let settled = await settleAll(ALL_BUCKETS);
			await rebuilds.idle();
			settled += await settleAll(ALL_BUCKETS);
			await correct();
			return { reaped, settled };
		},
		start() {
			loops.push(
				loop("settle", 0, settleOnce),
				loop("reap", REAP_EVERY_MS, reap),
				loop("open-ahead", OPEN_AHEAD_EVERY_MS, openAhead),
				loop("correct", CORRECT_EVERY_MS, correct),
				loop("heartbeat", HEARTBEAT_EVERY_MS, () => seatStore.beatSweeper(HEARTBEAT_TTL_MS)),
			);
		},
		async stop() {
			stopping.abort();
			await Promise.all(loops);
			await rebuilds.idle();
		},
	};
}

/** Sleep, or wake early when the sweeper stops. */
async function pause(ms: number, signal: AbortSignal): Promise<void> {
	if (ms > 0) await setTimeout(ms, undefined, { signal }).catch(() => {});
}
