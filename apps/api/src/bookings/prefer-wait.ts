/**
 * Implements `Prefer: wait=5` (RFC 7240): the response waits until the ledger has the booking too, for at most that many seconds.
 * The booking is confirmed either way. This is for clients whose booking must survive even the complete loss of Redis.
 */
import type { Booking } from "@holdfast/domain";
import type { SeatStore } from "@holdfast/seat-store";

/** Longer waits are cut to this, which is below the timeouts of common load balancers. */
export const PREFER_WAIT_MAX_S = 10;
/** Maximum number of waiting requests in one process, since each of them polls Redis. Further requests do not wait. */
export const WAITING_MAX = 500;
/** The sweeper collects a batch for a tenth of a second. The longer a booking has not been recorded, the longer it will probably take. */
const FIRST_POLL_AFTER_MS = 50;
const POLL_BACKOFF_FACTOR = 1.5;
const POLL_EVERY_MAX_MS = 1_000;

/** Returns the requested seconds, at most `PREFER_WAIT_MAX_S`. Null without a valid `wait`: RFC 7240 has servers ignore others. */
export function parsePreferWait(header: string | undefined): number | null {
	for (const preference of (header ?? "").split(",")) {
		const seconds = /^\s*wait\s*=\s*"?(\d{1,9})"?\s*(?:;.*)?$/i.exec(preference)?.[1];
		if (seconds !== undefined) return Math.min(Number(seconds), PREFER_WAIT_MAX_S);
	}
	return null;
}

/**
 * Waits until this version of the booking is recorded, for at most `seconds`. Resolves to whether it is recorded. Does not wait for a
 * released hold, which never reaches the ledger.
 */
export type AwaitRecorded = (booking: Booking, seconds: number) => Promise<boolean>;

/** Returns the wait function. Create one per process: it counts the waiting requests. */
export function createAwaitRecorded(seatStore: Pick<SeatStore, "readBooking">): AwaitRecorded {
	let waiting = 0;

	async function pollUntil(untilMs: number, { id, version }: Booking): Promise<boolean> {
		for (let waitMs = FIRST_POLL_AFTER_MS; Date.now() < untilMs; waitMs = Math.min(waitMs * POLL_BACKOFF_FACTOR, POLL_EVERY_MAX_MS)) {
			// The last poll is at the deadline.
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
			return await pollUntil(Date.now() + seconds * 1_000, booking);
		} finally {
			waiting -= 1;
		}
	};
}
