/**
 * Wait for something that another process does. For what our own code does, await that instead: a poll is only right
 * where there is nothing to await.
 */
import { setTimeout as delay } from "node:timers/promises";

const POLL_MS = 10;
const DEADLINE_MS = 10_000;

/**
 * Calls `look` until it gives something truthy, and resolves to that. Rejects at the deadline with what was waited for;
 * what `look` throws passes through.
 */
export async function waitUntil<T>(
	what: string,
	look: () => T | Promise<T>,
	deadlineMs: number = DEADLINE_MS,
): Promise<Exclude<Awaited<T>, false | null | undefined>> {
	const end = Date.now() + deadlineMs;
	for (;;) {
		const seen = await look();
		if (isSeen(seen)) return seen;
		if (Date.now() > end) throw new Error(`waited ${deadlineMs} ms in vain: ${what}`);
		await delay(POLL_MS);
	}
}

function isSeen<T>(value: T): value is Exclude<T, false | null | undefined> {
	return value !== false && value !== null && value !== undefined;
}
