/**
 * Settles several buckets at a time. A bucket that fails is retried with growing pauses and does not delay the others: one entry of a
 * newer version at the head of one outbox must not keep fifteen other outboxes unsettled.
 */
import { CONNECTION_BUDGETS, classifySettleError } from "@holdfast/database";
import { listBuckets } from "@holdfast/domain";
import { type BackOff, createBackOff } from "@holdfast/runtime";
import { SeatStoreFault } from "@holdfast/seat-store";
import type { SweeperDeps } from "./deps.ts";
import type { RebuildQueue } from "./queue-rebuilds.ts";
import { createBatchSize, settleBucket } from "./settle-bucket.ts";
import { createWaitTracker } from "./track-waits.ts";

/** How many buckets are settled at the same time, each in its own transaction and on its own connection. */
const BUCKETS_AT_ONCE = CONNECTION_BUDGETS.settling.connections;
const BACK_OFF = { minMs: 50, maxMs: 5_000 };

/** Settles outboxes into the ledger. */
export type BucketSettler = {
	/** Settles those of `buckets` that are not backing off; returns how many entries were settled. Failures are logged, not thrown. */
	settleDue(buckets: readonly number[]): Promise<number>;
	/** Settles every bucket now; returns how many entries were settled. Throws the first failure after all buckets were tried. */
	settleAll(): Promise<number>;
};

type Round = { readonly settled: number; readonly failures: readonly { readonly bucket: number; readonly error: unknown }[] };

/** Whether a retry cannot help: a missing migration, or an entry of a newer version, needs an operator. */
export const isHalt = (error: unknown): boolean => !(error instanceof SeatStoreFault) && classifySettleError(error) === "halt";

/** Creates a settler. It requests a rebuild for each showtime whose entries cannot be settled before one. */
export function createBucketSettler(deps: SweeperDeps, rebuilds: Pick<RebuildQueue, "request">): BucketSettler {
	const { log, limits } = deps;
	const all = listBuckets(limits);
	const waits = createWaitTracker(deps);
	const sizes = all.map(() => createBatchSize(limits.settleBatchMax));
	/** Buckets whose last attempt failed. `notBefore`: when the next attempt is due, in epoch ms. */
	const failing = new Map<number, { readonly backOff: BackOff; readonly notBefore: number }>();

	async function settleRound(buckets: readonly number[]): Promise<Round> {
		const queue = [...buckets];
		const failures: { bucket: number; error: unknown }[] = [];
		let settled = 0;
		const work = async (): Promise<void> => {
			for (let bucket = queue.shift(); bucket !== undefined; bucket = queue.shift()) {
				try {
					const pass = await settleBucket(deps, bucket, sizes[bucket] ?? createBatchSize(limits.settleBatchMax));
					for (const showtimeId of pass.awaitingRebuild) rebuilds.request(showtimeId);
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

	function backOffBucket(bucket: number, error: unknown): void {
		const backOff = failing.get(bucket)?.backOff ?? createBackOff(BACK_OFF);
		const waitMs = backOff.next();
		failing.set(bucket, { backOff, notBefore: Date.now() + (isHalt(error) ? BACK_OFF.maxMs : waitMs) });
	}

	return {
		async settleDue(buckets) {
			const { settled, failures } = await settleRound(buckets.filter((bucket) => Date.now() >= (failing.get(bucket)?.notBefore ?? 0)));
			for (const { bucket, error } of failures) backOffBucket(bucket, error);
			// One line for all buckets: if Postgres is down, every bucket fails.
			const worst = failures.find(({ error }) => isHalt(error)) ?? failures[0];
			if (worst !== undefined) {
				const fields = { err: worst.error, buckets: failures.map(({ bucket }) => bucket) };
				if (isHalt(worst.error)) log.fatal(fields, "settling halted: apply missing migrations or upgrade this sweeper");
				else log.warn(fields, "settling failed; backing off");
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
