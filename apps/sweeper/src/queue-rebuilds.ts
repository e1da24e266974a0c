/** The sweeper's queue of rebuilds: they run beside settling, and a showtime whose rebuild fails is retried with growing pauses. */
import type { ShowtimeId } from "@holdfast/domain";
import type { Rebuilder } from "@holdfast/rebuild";
import type { SweeperDeps } from "./deps.ts";

const BACK_OFF_MIN_MS = 200;
const BACK_OFF_MAX_MS = 60_000;
/** As many failures in a row are no passing trouble. */
const FAILURES_ALARMING = 3;

export type RebuildQueue = {
	/** Request a rebuild of this showtime, which begins soon unless one has just failed. Returns at once. */
	request(showtimeId: ShowtimeId, startsAt?: number): void;
	/** Resolves when nothing is at work. */
	idle(): Promise<void>;
};

export function createRebuildQueue({ log, metrics }: Pick<SweeperDeps, "log" | "metrics">, rebuilder: Rebuilder): RebuildQueue {
	const failures = new Map<ShowtimeId, { readonly count: number; readonly notBefore: number }>();
	const requested = new Set<ShowtimeId>();

	async function rebuild(showtimeId: ShowtimeId, startsAt: number): Promise<void> {
		try {
			const { outcome } = await rebuilder.rebuild(showtimeId, startsAt);
			if (outcome === "recovering") return putOff(showtimeId, null);
			if (outcome === "unkept") throw new Error("no replica has the claim");
			failures.delete(showtimeId);
			if (outcome === "opened") metrics.rebuilds.inc();
		} catch (error) {
			metrics.failedRebuilds.inc();
			putOff(showtimeId, error);
		}
	}

	/** `error` null: another process is at it, which is no failure; look again soon. */
	function putOff(showtimeId: ShowtimeId, error: unknown): void {
		const count = error === null ? 0 : (failures.get(showtimeId)?.count ?? 0) + 1;
		const backOffMs = Math.min(BACK_OFF_MIN_MS * 2 ** count, BACK_OFF_MAX_MS) * (0.75 + Math.random() / 4);
		failures.set(showtimeId, { count, notBefore: Date.now() + backOffMs });
		if (error === null) return;
		log[count >= FAILURES_ALARMING ? "error" : "warn"]({ err: error, showtimeId, failures: count, backOffMs }, "rebuild failed");
	}

	return {
		request(showtimeId, startsAt = 0) {
			if (requested.has(showtimeId) || Date.now() < (failures.get(showtimeId)?.notBefore ?? 0)) return;
			requested.add(showtimeId);
			void rebuild(showtimeId, startsAt).finally(() => requested.delete(showtimeId));
		},
		async idle() {
			while (requested.size > 0) await rebuilder.idle().then(() => new Promise(setImmediate));
		},
	};
}
