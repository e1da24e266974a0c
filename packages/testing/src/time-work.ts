/**
 * Measures durations without the time in which the operating system did not run this process, for tests that hold code to a
 * deadline on a busy machine. Limit: code that blocks the event loop of the test process is not counted either.
 */
const TICK_MS = 10;
/** The time between two ticks counts as this much at most: a longer gap means that the process did not run. */
const STEP_MAX_MS = 2 * TICK_MS;

/** Runs `work`; resolves to its value, and to the milliseconds in which this process could run meanwhile. */
export async function timeWork<T>(work: () => Promise<T>): Promise<{ readonly value: T; readonly tookMs: number }> {
	let tookMs = 0;
	let lastMs = performance.now();
	const tick = (): void => {
		const nowMs = performance.now();
		tookMs += Math.min(nowMs - lastMs, STEP_MAX_MS);
		lastMs = nowMs;
	};
	const timer = setInterval(tick, TICK_MS);
	try {
		const value = await work();
		tick();
		return { value, tookMs };
	} finally {
		clearInterval(timer);
	}
}
