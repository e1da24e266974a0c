/**
 * Time as this process got to live it, for tests that hold code to a deadline on a machine that does other things beside: what the
 * machine takes from the process is not counted. Where code blocks the event loop of the test itself it counts too little.
 */
const TICK_MS = 10;
/** What lies between two ticks counts for this much at most. */
const STEP_MAX_MS = 2 * TICK_MS;

/** Run `work`; resolves to what it resolved to, and to how many milliseconds this process lived meanwhile. */
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
