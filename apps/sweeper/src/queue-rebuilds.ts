/** The sweeper's queue of rebuilds: they run beside settling, and a showtime whose rebuild fails is retried with growing pauses. */
import type { ShowtimeId } from "@holdfast/domain";
import type { Rebuilder } from "@holdfast/rebuild";
import { type BackOff, createBackOff, createSingleFlight } from "@holdfast/runtime";
import type { SweeperDeps } from "./deps.ts";

const BACK_OFF = { minMs: 400, maxMs: 60_000 };
/** While another process rebuilds a showtime, it is looked at again this soon. */
const RECOVERING_WAIT_MS = 200;
/** As many failures in a row are no passing trouble. */
const FAILURES_ALARMING = 3;

export type RebuildQueue = {
	/** Request a rebuild of this showtime, which begins soon unless one has just failed. Returns at once. */
	request(showtimeId: ShowtimeId, startsAt?: number): void;
	/** Resolves when nothing is at work. */
	idle(): Promise<void>;
};

export function createRebuildQueue({ log, metrics }: Pick<SweeperDeps, "log" | "metrics">, rebuilder: Rebuilder): RebuildQueue {
	/** Showtimes that are put off, and until when (epoch ms). */
	const putOff = new Map<ShowtimeId, { readonly backOff: BackOff; readonly notBefore: number }>();
	const flights = createSingleFlight<ShowtimeId, void>();

	async function rebuild(showtimeId: ShowtimeId, startsAt: number): Promise<void> {
		try {
			const { outcome } = await rebuilder.rebuild(showtimeId, startsAt);
			if (outcome === "recovering") {
				putOff.set(showtimeId, { backOff: createBackOff(BACK_OFF), notBefore: Date.now() + RECOVERING_WAIT_MS });
				return;
			}
			if (outcome === "unkept") throw new Error("no replica has the claim");
			putOff.delete(showtimeId);
			if (outcome === "opened") metrics.rebuilds.inc();
		} catch (error) {
			metrics.failedRebuilds.inc();
			noteFailure(showtimeId, error);
		}
	}

	function noteFailure(showtimeId: ShowtimeId, error: unknown): void {
		const backOff = putOff.get(showtimeId)?.backOff ?? createBackOff(BACK_OFF);
		const backOffMs = backOff.next();
		putOff.set(showtimeId, { backOff, notBefore: Date.now() + backOffMs });
		const { failures } = backOff;
		log[failures >= FAILURES_ALARMING ? "error" : "warn"]({ err: error, showtimeId, failures, backOffMs }, "rebuild failed");
	}

	return {
		request(showtimeId, startsAt = 0) {
			if (Date.now() < (putOff.get(showtimeId)?.notBefore ?? 0)) return;
			void flights.run(showtimeId, () => rebuild(showtimeId, startsAt));
		},
		idle: flights.idle,
	};
}
