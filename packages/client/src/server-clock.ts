/** The server's clock, learnt from `x-server-time`: what countdowns go by, since the clock of a phone may be minutes off. */

export type ServerClock = {
	/** Learn from an answer. `sentMs` and `receivedMs` are this device's clock. */
	observe(serverTime: string | null, sentMs: number, receivedMs: number): void;
	/** The server's time now, epoch ms; this device's own until an answer came. */
	now(): number;
	/**
	 * Milliseconds to show until an instant such as `expiresAt`; 0 a second before it. The second pays for the way of the last
	 * request: who confirms at 0 is still in time.
	 */
	remainingMs(instant: string): number;
};

const EARLY_MS = 1_000;
/** A clock drifts: what was learnt is worth less the older it is, in milliseconds of doubt per millisecond of age. */
const DRIFT = 0.000_1;

/** `clock` is this device's, for tests. */
export function createServerClock(clock: () => number = Date.now): ServerClock {
	let offsetMs = 0;
	let doubtMs = Number.POSITIVE_INFINITY;
	let learntAtMs = 0;
	const now = (): number => clock() + offsetMs;
	return {
		now,
		observe(serverTime, sentMs, receivedMs) {
			const serverMs = serverTime === null ? Number.NaN : Date.parse(serverTime);
			const tripMs = receivedMs - sentMs;
			if (Number.isNaN(serverMs) || tripMs < 0) return;
			// The server stamped it somewhere on the way: half the trip is how wrong the middle may be.
			if (tripMs / 2 > doubtMs + (receivedMs - learntAtMs) * DRIFT) return;
			offsetMs = serverMs - (sentMs + receivedMs) / 2;
			doubtMs = tripMs / 2;
			learntAtMs = receivedMs;
		},
		remainingMs: (instant) => Math.max(0, Date.parse(instant) - now() - EARLY_MS),
	};
}
