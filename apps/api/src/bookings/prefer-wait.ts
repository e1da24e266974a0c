/**
 * `Prefer: wait=5` (RFC 7240): answer when the ledger has the booking too, or after so many seconds without. What was
 * confirmed is confirmed either way; this is for clients that want it to survive the loss of all of Redis.
 */
import type { Booking } from "@holdfast/domain";
import type { SeatStore } from "@holdfast/seat-store";

/** A longer wish is cut to this, below the timeouts of the usual load balancers. */
export const PREFER_WAIT_MAX_S = 10;
/** Who waits at the same time in one process, past which the wish is not heeded: each of them looks at Redis again and again. */
export const WAITING_MAX = 500;
/** The sweeper gathers for a tenth of a second. Whoever has waited long waits for something that will take longer. */
const LOOK_FIRST_AFTER_MS = 50;
const LOOK_LATER_BY = 1.5;
const LOOK_EVERY_MAX_MS = 1_000;

/** Seconds asked for, at most `PREFER_WAIT_MAX_S`; null when there is no such wish. One that makes no sense is ignored, as the RFC wants. */
export function parsePreferWait(header: string | undefined): number | null {
	for (const preference of (header ?? "").split(",")) {
		const seconds = /^\s*wait\s*=\s*"?(\d{1,9})"?\s*(?:;.*)?$/i.exec(preference)?.[1];
		if (seconds !== undefined) return Math.min(Number(seconds), PREFER_WAIT_MAX_S);
	}
	return null;
}

/**
 * Wait, so many seconds at most, until this version of the booking is recorded; gives whether it is. What never reaches the
 * ledger, a released hold, is not waited for.
 */
export type LedgerWait = (booking: Booking, seconds: number) => Promise<boolean>;

/** One per process. */
export function createLedgerWait(seatStore: Pick<SeatStore, "readBooking">): LedgerWait {
	let waiting = 0;

	async function lookUntil(untilMs: number, { id, version }: Booking): Promise<boolean> {
		for (let waitMs = LOOK_FIRST_AFTER_MS; Date.now() < untilMs; waitMs = Math.min(waitMs * LOOK_LATER_BY, LOOK_EVERY_MAX_MS)) {
			// The last look is at the deadline itself.
			const restMs = Math.min(waitMs, untilMs - Date.now());
			await new Promise((resolve) => setTimeout(resolve, restMs));
			const now = await seatStore.readBooking(id);
			if (now?.version !== version) return false;
			if (now.recorded) return true;
		}
		return false;
	}

	return async (booking, seconds) => {
		if (booking.recorded) return true;
		if (booking.confirmedAt === null || waiting >= WAITING_MAX) return false;
		waiting += 1;
		try {
			return await lookUntil(Date.now() + seconds * 1_000, booking);
		} finally {
			waiting -= 1;
		}
	};
}
