/**
 * Polls for an effect of another process. For an effect of code in this process, await that code instead: polling is right only
 * where there is no promise to await.
 */
import { setTimeout as delay } from "node:timers/promises";

const POLL_MS = 10;
const DEADLINE_MS = 10_000;

/**
 * Calls `check` every 10 ms until it returns anything but false, null or undefined, and resolves to that value. Rejects with
 * `what` at the deadline, and with the error of `check` when `check` throws.
 */
export async function waitUntil<T>(
	what: string,
	check: () => T | Promise<T>,
	deadlineMs: number = DEADLINE_MS,
): Promise<Exclude<Awaited<T>, false | null | undefined>> {
	const end = Date.now() + deadlineMs;
	for (;;) {
		const value = await check();
		if (isPresent(value)) return value;
		if (Date.now() > end) throw new Error(`timed out after ${deadlineMs} ms waiting for ${what}`);
		await delay(POLL_MS);
	}
}

function isPresent<T>(value: T): value is Exclude<T, false | null | undefined> {
	return value !== false && value !== null && value !== undefined;
}
