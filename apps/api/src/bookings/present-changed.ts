/** The answer to a confirm or cancel that was carried out: the booking, recorded already if the client prefers to wait for that. */
import type { Booking } from "@holdfast/domain";
import { SeatStoreFault } from "@holdfast/seat-store";
import type { FastifyReply } from "fastify";
import type { BookingBody } from "../contract/booking.ts";
import type { RouteDeps } from "../deps.ts";
import { entityTag } from "./if-match.ts";
import { parsePreferWait } from "./prefer-wait.ts";
import { presentBooking } from "./present-booking.ts";

/** Sets the headers and gives the body. A wait that fails changes nothing: the change has happened. */
export async function presentChanged(
	{ awaitRecorded, seatPlans, logger }: RouteDeps,
	reply: Pick<FastifyReply, "header">,
	{ booking, nowMs, prefer }: { booking: Booking; nowMs: number; prefer: string | undefined },
): Promise<BookingBody> {
	reply.header("etag", entityTag(booking.version));
	// The change has happened: `unavailable` would say that it has not. A repeat is answered with the booking.
	const plan = await seatPlans.find(booking.planId, booking.id).catch((error: unknown) => {
		throw new SeatStoreFault("outcome_unknown", error);
	});
	const body = presentBooking(booking, plan, nowMs);
	const seconds = parsePreferWait(prefer);
	if (seconds === null) return body;
	const recorded = await awaitRecorded(booking, seconds).catch((error: unknown) => {
		logger.warn({ err: error, bookingId: booking.id }, "could not see whether the booking is recorded");
		return false;
	});
	if (recorded) reply.header("preference-applied", `wait=${seconds}`);
	return { ...body, recorded };
}
