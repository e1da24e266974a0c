/**
 * The sweeper: settles outboxes into the ledger, reaps expired holds, rebuilds fenced showtimes, drives actions of staff to their end,
 * resolves refunds that a revive has left withheld, corrects conflicts in the seat store, ends quarantines, and closes the days of the audit trail. Two sweepers may run side by side; an
 * advisory lock per bucket decides which one settles the bucket. Tests call `runOnce`; `start` repeats the same work in loops.
 */
import { setTimeout } from "node:timers/promises";
import { countUnfinishedActions } from "@holdfast/database";
import { createRebuilder } from "@holdfast/rebuild";
import { createBackOff } from "@holdfast/runtime";
import { driveDueActions, resolveWithdrawals } from "@holdfast/showtime-actions";
import { closeAuditDays } from "./close-audit-days.ts";
import { correctConflicts } from "./correct-conflicts.ts";
import { createBucketSettler, isHalt } from "./create-bucket-settler.ts";
import type { SweeperDeps } from "./deps.ts";
import { endQuarantines } from "./end-quarantines.ts";
import { createOpenAhead } from "./open-ahead.ts";
import { createRebuildQueue } from "./queue-rebuilds.ts";
import { reapExpired } from "./reap-expired.ts";
import { startHeartbeat } from "./start-heartbeat.ts";

/** How long one call waits for new outbox entries. */
const WAIT_FOR_ENTRIES_MS = 1_000;
/**
 * The pause after a pass, in which new entries gather. A single booking is still settled at once, and many bookings in batches: a
 * transaction costs as much for one booking as for fifty, and without the pause the sweeper took half of the CPU of a machine that also
 * served confirms.
 */
const GATHER_MS = 100;
/** The pause after a pass that settled nothing although there were entries: another sweeper settles them, or they cannot be settled yet. */
const IDLE_PASS_MS = 200;
const REAP_EVERY_MS = 250;
const OPEN_AHEAD_EVERY_MS = 500;
const CORRECT_EVERY_MS = 2_000;
const CLOSE_AUDIT_DAYS_EVERY_MS = 60_000;
const DRIVE_ACTIONS_EVERY_MS = 1_000;
const BACK_OFF = { minMs: 50, maxMs: 5_000 };

/** One sweeper of a process. */
export type Sweeper = {
	/**
	 * Reaps; drives the actions that are due; settles every bucket; waits for the rebuilds that this requested, and settles again; corrects
	 * conflicts, ends quarantines, and closes the days of the audit trail. Returns how many entries were settled and how many holds reaped.
	 * Throws the first failure.
	 */
	runOnce(): Promise<{ settled: number; reaped: number }>;
	/** Starts the loops and the heartbeat. Call it once. Failures are logged and retried with growing pauses. */
	start(): void;
	/** Resolves when the loops have ended, each after its current round. */
	stop(): Promise<void>;
};

/** Creates a sweeper that does nothing yet. */
export function createSweeper(deps: SweeperDeps): Sweeper {
	const { seatStore, log, metrics } = deps;
	const stopping = new AbortController();
	const loops: Promise<void>[] = [];
	let stopHeartbeat = (): void => {};
	const rebuilder = createRebuilder(deps);
	const rebuilds = createRebuildQueue(deps, rebuilder);
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

	async function driveActions(): Promise<void> {
		await driveDueActions({ ...deps, open: (showtimeId) => rebuilder.rebuild(showtimeId, 0) });
		metrics.unfinishedActions.set(await countUnfinishedActions(deps.database));
	}

	async function correct(): Promise<void> {
		await correctConflicts(deps, rebuilds);
		await endQuarantines(deps, rebuilds);
		await resolveWithdrawals(deps);
		metrics.settleLag.set((await seatStore.settleLagMs()) / 1_000);
		metrics.outboxEntries.set((await seatStore.outboxDepths()).reduce((sum, depth) => sum + depth, 0));
	}

	/** Repeats `round` until the sweeper stops. A round that fails is retried with growing, jittered pauses. */
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
				log[halts ? "fatal" : "warn"](
					{ err: error, loop: name, backOffMs },
					halts ? "loop halted: apply missing migrations or upgrade this sweeper" : "loop failed; backing off",
				);
				await pause(backOffMs, stopping.signal);
			}
		}
	}

	return {
		async runOnce() {
			const reaped = await reap();
			await driveActions();
			let settled = await settler.settleAll();
			await rebuilds.idle();
			settled += await settler.settleAll();
			await correct();
			await closeAuditDays(deps, stopping.signal);
			return { reaped, settled };
		},
		start() {
			loops.push(
				loop("settle", 0, settleOnce),
				loop("reap", REAP_EVERY_MS, reap),
				loop("open-ahead", OPEN_AHEAD_EVERY_MS, openAhead),
				loop("correct", CORRECT_EVERY_MS, correct),
				loop("close-audit-days", CLOSE_AUDIT_DAYS_EVERY_MS, () => closeAuditDays(deps, stopping.signal)),
				loop("actions", DRIVE_ACTIONS_EVERY_MS, driveActions),
			);
			stopHeartbeat = startHeartbeat(deps);
		},
		async stop() {
			stopping.abort();
			stopHeartbeat();
			await Promise.all(loops);
			await rebuilds.idle();
		},
	};
}

/** Waits for `ms`, or until `signal` is aborted. */
async function pause(ms: number, signal: AbortSignal): Promise<void> {
	if (ms > 0) await setTimeout(ms, undefined, { signal }).catch(() => {});
}
