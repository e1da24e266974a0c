/** Estimates the server's clock from `x-server-time`, for countdowns: the clock of a phone may be wrong by minutes. */

/** The estimated clock. */
export type ServerClock = {
	/** Updates the estimate from an answer. `sentMs` and `receivedMs` are by this device's clock; `serverTime` is the header. */
	observe(serverTime: string | null, sentMs: number, receivedMs: number): void;
	/** Returns the server's time now, epoch ms. Before the first answer it is this device's time. */
	now(): number;
	/**
	 * Returns the ms that a countdown to an instant such as `expiresAt` should show. It reaches 0 one second before the instant, so
	 * that a confirm that is sent at 0 still arrives in time.
	 */
	remainingMs(instant: string): number;
};

const EARLY_MS = 1_000;
/** Clocks drift: the possible error of an estimate grows by this many ms for each ms of its age. */
const DRIFT = 0.000_1;

/** Returns a clock that has seen no answer yet. `clock` is this device's clock, replaceable for tests. */
export function createServerClock(clock: () => number = Date.now): ServerClock {
	let offsetMs = 0;
	let errorMaxMs = Number.POSITIVE_INFINITY;
	let observedAtMs = 0;
	const now = (): number => clock() + offsetMs;
	return {
		now,
		observe(serverTime, sentMs, receivedMs) {
			const serverMs = serverTime === null ? Number.NaN : Date.parse(serverTime);
			const tripMs = receivedMs - sentMs;
			if (Number.isNaN(serverMs) || tripMs < 0) return;
			// The server read its clock at some moment of the round trip. The estimate assumes the middle, so its error is at most half
			// the trip.
			if (tripMs / 2 > errorMaxMs + (receivedMs - observedAtMs) * DRIFT) return;
			offsetMs = serverMs - (sentMs + receivedMs) / 2;
			errorMaxMs = tripMs / 2;
			observedAtMs = receivedMs;
		},
		remainingMs: (instant) => Math.max(0, Date.parse(instant) - now() - EARLY_MS),
	};
}
