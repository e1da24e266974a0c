/**
 * Record what can be recorded now. The last resort against locks: the rows that a batch is known to need are locked before
 * (`take-rows.ts`), so a statement meets a lock only where another transaction holds something unforeseen.
 */
import type { ShowtimeId } from "@holdfast/domain";
import { isLockTimeout } from "../classify-error.ts";
import type { Queries } from "../create-database.ts";
import type { EventEntry } from "./outbox-entry.ts";
import type { RecordContext } from "./record-context.ts";
import { addUp, NOTHING_RECORDED, type RecordedOrBuried, recordOrBury } from "./record-or-bury.ts";
import { boundLockWaits } from "./settle-lock.ts";

/** How long each showtime of a batch may wait once one of them is known to. Every showtime that is locked costs the others this much. */
const SHOWTIME_LOCK_TIMEOUT_MS = 50;

/** `blocked`: showtimes of which nothing was recorded, since a statement of theirs waited for a lock as long as it may. */
export type RecordedOrWaiting = RecordedOrBuried & { readonly blocked: ReadonlySet<ShowtimeId> };

/** Record the entries, in stream order. When a statement waits too long for a lock, record one showtime after the other. */
export async function recordOrWait(tx: Queries, entries: readonly EventEntry[], context: RecordContext): Promise<RecordedOrWaiting> {
	const whole = await attempt(tx, entries, context);
	if (whole !== "lock_timeout") return { ...whole, blocked: new Set() };
	await boundLockWaits(tx, SHOWTIME_LOCK_TIMEOUT_MS);
	const blocked = new Set<ShowtimeId>();
	let total = NOTHING_RECORDED;
	for (const [showtimeId, own] of Map.groupBy(entries, ({ event }) => event.showtimeId)) {
		const part = await attempt(tx, own, context);
		if (part === "lock_timeout") blocked.add(showtimeId);
		else total = addUp(total, part);
	}
	return { ...total, blocked };
}

/** All of these or, when a lock is in the way, none. */
async function attempt(tx: Queries, entries: readonly EventEntry[], context: RecordContext): Promise<RecordedOrBuried | "lock_timeout"> {
	try {
		return await recordOrBury(tx, entries, context);
	} catch (error) {
		if (isLockTimeout(error)) return "lock_timeout";
		throw error;
	}
}
