/** Reads a booking that staff have changed or sold, for the answer. */
import { DatabaseOutcomeUnknown, isDatabaseUnavailable } from "@holdfast/database";
import type { Booking } from "@holdfast/domain";
import { SeatStoreFault } from "@holdfast/seat-store";
import type { FastifyReply } from "fastify";
import { applyPreferWait } from "../bookings/present-changed.ts";
import type { AdminBookingBody } from "../contract/admin-booking.ts";
import type { RouteDeps } from "../deps.ts";
import { readBookingForStaff } from "./read-booking-for-staff.ts";

/** A booking after its change, and the Redis time of the change, epoch ms. */
export type ChangedBooking = { readonly booking: Booking; readonly nowMs: number };

/**
 * Waits for the ledger as long as `prefer` asks for, and returns the body of the answer: after the wait, so that it shows the refund of a
 * cancel. Sets `Preference-Applied`. Throws an error of an unknown outcome when a store fails.
 */
export async function readChangedBooking(
	deps: RouteDeps,
	reply: Pick<FastifyReply, "header">,
	{ booking, nowMs, prefer }: ChangedBooking & { readonly prefer: string | undefined },
): Promise<AdminBookingBody> {
	const recorded = await applyPreferWait(deps, reply, { booking, prefer });
	return afterChange(() => readBookingForStaff(deps, { booking: { ...booking, recorded }, nowMs }));
}

/**
 * Returns what `read` does. The change has happened, so a store that fails now must not be answered `unavailable`, which says that nothing
 * was changed: the error becomes one of an unknown outcome. The same request again is answered with the result.
 */
export async function afterChange<Result>(read: () => Promise<Result>): Promise<Result> {
	try {
		return await read();
	} catch (error) {
		if (error instanceof SeatStoreFault) throw new SeatStoreFault("outcome_unknown", error);
		throw isDatabaseUnavailable(error) ? new DatabaseOutcomeUnknown(error) : error;
	}
}
