/**
 * Settle several buckets at a time. One that fails is put off by itself, ever longer, and holds up none of the others: a
 * newer version's entry at the head of one outbox must not keep fifteen others unrecorded.
 */
import { CONNECTION_BUDGETS, classifySettleError } from "@holdfast/database";
import { listBuckets } from "@holdfast/domain";
import { type BackOff, createBackOff } from "@holdfast/runtime";
import { SeatStoreFault } from "@holdfast/seat-store";
import type { SweeperDeps } from "./deps.ts";
import type { RebuildQueue } from "./queue-rebuilds.ts";
import { createBatchSize, settleBucket } from "./settle-bucket.ts";
import { createWaitWatch } from "./watch-waits.ts";

/** Buckets settled at the same time, each in its own transaction and on its own connection. */
const BUCKETS_AT_ONCE = CONNECTION_BUDGETS.settling.connections;
const BACK_OFF = { minMs: 50, maxMs: 5_000 };

export type BucketSettler = {
	/** Settle those of `buckets` that are not put off; gives how many entries were. What fails is told to the log, not thrown. */
	settleDue(buckets: readonly number[]): Promise<number>;
	/** Settle every bucket now. Throws the first failure, once all of them had their turn. */
	settleAll(): Promise<number>;
};

type Round = { readonly settled: number; readonly failures: readonly { readonly bucket: number; readonly error: unknown }[] };

/** Whether trying again mends nothing: a missing migration, or an entry from a newer version, needs a person. */
export const isHalt = (error: unknown): boolean => !(error instanceof SeatStoreFault) && classifySettleError(error) === "halt";

export function createBucketSettler(deps: SweeperDeps, rebuilds: Pick<RebuildQueue, "request">): BucketSettler {
	const { log, limits } = deps;
	const all = listBuckets(limits);
	const waits = createWaitWatch(deps);
	const sizes = all.map(() => createBatchSize(limits.settleBatchMax));
	/** Buckets that failed at their last try, and until when each is put off (epoch ms). */
	const failing = new Map<number, { readonly backOff: BackOff; readonly notBefore: number }>();

	async function settleRound(buckets: readonly number[]): Promise<Round> {
		const queue = [...buckets];
		const failures: { bucket: number; error: unknown }[] = [];
		let settled = 0;
		const work = async (): Promise<void> => {
			for (let bucket = queue.shift(); bucket !== undefined; bucket = queue.shift()) {
				try {
					const pass = await settleBucket(deps, bucket, sizes[bucket] ?? createBatchSize(limits.settleBatchMax));
					for (const showtimeId of pass.stale) rebuilds.request(showtimeId);
					waits.note(bucket, pass.waiting);
					settled += pass.settled;
					if (pass.halted !== null) throw pass.halted;
					failing.delete(bucket);
				} catch (error) {
					failures.push({ bucket, error });
				}
			}
		};
		await Promise.all(Array.from({ length: BUCKETS_AT_ONCE }, work));
		return { settled, failures };
	}

	function putOff(bucket: number, error: unknown): void {
		const backOff = failing.get(bucket)?.backOff ?? createBackOff(BACK_OFF);
		const waitMs = backOff.next();
		failing.set(bucket, { backOff, notBefore: Date.now() + (isHalt(error) ? BACK_OFF.maxMs : waitMs) });
	}

	return {
		async settleDue(buckets) {
			const { settled, failures } = await settleRound(buckets.filter((bucket) => Date.now() >= (failing.get(bucket)?.notBefore ?? 0)));
			for (const { bucket, error } of failures) putOff(bucket, error);
			// One line for all that failed in this round: without Postgres that is every bucket.
			const worst = failures.find(({ error }) => isHalt(error)) ?? failures[0];
			if (worst !== undefined) {
				const about = { err: worst.error, buckets: failures.map(({ bucket }) => bucket) };
				if (isHalt(worst.error)) log.fatal(about, "settling halted: is a migration missing, or an older version still running?");
				else log.warn(about, "settling backs off");
			}
			return settled;
		},
		async settleAll() {
			const { settled, failures } = await settleRound(all);
			if (failures[0] !== undefined) throw failures[0].error;
			return settled;
		},
	};
}
