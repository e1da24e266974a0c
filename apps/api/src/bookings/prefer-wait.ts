/**
 * `Prefer: wait=5` (RFC 7240): answer when the ledger has the booking too, or after so many seconds without. What was
 * confirmed is confirmed either way; this is for clients that want it to survive the loss of all of Redis.
 */
import { setTimeout as pause } from "node:timers/promises";
import type { Booking } from "@holdfast/domain";
import type { SeatStore } from "@holdfast/seat-store";

/** A longer wish is cut to this, below the timeouts of the usual load balancers. */
export const PREFER_WAIT_MAX_S = 10;
/** The sweeper gathers for a tenth of a second; a look costs Redis some microseconds. */
const LOOK_EVERY_MS = 50;

/** Seconds asked for, at most `PREFER_WAIT_MAX_S`; null when there is no such wish. One that makes no sense is ignored, as the RFC wants. */
export function parsePreferWait(header: string | undefined): number | null {
	for (const preference of (header ?? "").split(",")) {
		const seconds = /^\s*wait\s*=\s*"?(\d{1,9})"?\s*(?:;.*)?$/i.exec(preference)?.[1];
		if (seconds !== undefined) return Math.min(Number(seconds), PREFER_WAIT_MAX_S);
	}
	return null;
}

/**
 * Wait until this version of the booking is recorded; gives whether it is. What never reaches the ledger, a released
 * hold, is not waited for.
 */
export async function awaitRecorded(seatStore: SeatStore, booking: Booking, seconds: number): Promise<boolean> {
	if (booking.recorded) return true;
	if (booking.confirmedAt === null) return false;
	const until = Date.now() + seconds * 1000;
	while (Date.now() + LOOK_EVERY_MS <= until) {
		await pause(LOOK_EVERY_MS);
		const now = await seatStore.readBooking(booking.id);
		if (now?.version !== booking.version) return false;
		if (now.recorded) return true;
	}
	return false;
}
