/** Completes the history of a booking with what its state says and the ledger does not have, or keeps elsewhere. */
import type { BookingRefund, PastEvent } from "@holdfast/database";
import { type Booking, statusOf } from "@holdfast/domain";

const NOT_AUDITED = { version: null, actor: null, reason: null, requestId: null, before: null, after: null };

/**
 * Returns the events in order of time. `events` are those of the ledger. Added are: that the hold was placed; the last transitions if they
 * are not settled, or the booking was never confirmed; and what became of its refund. `nowMs` decides whether a hold has expired.
 */
export function completeHistory(
	booking: Booking,
	{ events, refund, nowMs }: { readonly events: readonly PastEvent[]; readonly refund: BookingRefund | null; readonly nowMs: number },
): PastEvent[] {
	const placed = { ...NOT_AUDITED, at: booking.createdAt, type: "booking.placed", version: 1 };
	const settled = Math.max(0, ...events.map(({ version }) => version ?? 0));
	const later = [...events, ...findUnsettled(booking, settled, nowMs), ...findOfRefund(refund)].toSorted(
		(a, b) => a.at - b.at || (a.version ?? 0) - (b.version ?? 0),
	);
	return [placed, ...later];
}

/** The transitions after the version `settled`, as far as the booking shows them. */
function findUnsettled(booking: Booking, settled: number, nowMs: number): PastEvent[] {
	const { state, version, confirmedAt, cancelledAt, expiresAt } = booking;
	if (statusOf(booking, nowMs) === "expired") return [{ ...NOT_AUDITED, at: expiresAt, type: "booking.expired" }];
	if (settled >= version) return [];
	const isLast = (own: Booking["state"]): number | null => (state === own ? version : null);
	const found: PastEvent[] = [];
	if (confirmedAt !== null && (settled === 0 || state === "CONFIRMED"))
		found.push({ ...NOT_AUDITED, at: confirmedAt, type: "booking.confirmed", version: isLast("CONFIRMED") });
	if (state === "CANCELLED" && cancelledAt !== null)
		found.push({ ...NOT_AUDITED, at: cancelledAt, type: confirmedAt === null ? "booking.released" : "booking.cancelled", version });
	return found;
}

function findOfRefund(refund: BookingRefund | null): PastEvent[] {
	if (refund === null) return [];
	const { dueAt, settledAt, amount, currency, percent, reason, reference } = refund;
	const due: PastEvent = { ...NOT_AUDITED, at: dueAt, type: "refund.due", after: { amount, currency, percent, reason } };
	return settledAt === null ? [due] : [due, { ...NOT_AUDITED, at: settledAt, type: "refund.refunded", after: { reference } }];
}
