/** Builds the response to a successful confirm or cancel. Waits until the booking is recorded if the client prefers that. */
import type { Booking } from "@holdfast/domain";
import { SeatStoreFault } from "@holdfast/seat-store";
import type { FastifyReply } from "fastify";
import type { BookingBody } from "../contract/booking.ts";
import type { RouteDeps } from "../deps.ts";
import { findOwnRefunds } from "./find-own-refunds.ts";
import { entityTag } from "./if-match.ts";
import { parsePreferWait } from "./prefer-wait.ts";
import { presentBooking } from "./present-booking.ts";

/** Sets the headers and returns the body. If the wait fails, the booking is returned as not recorded: the change itself has happened. */
export async function presentChanged(
	deps: RouteDeps,
	reply: Pick<FastifyReply, "header">,
	{ booking, nowMs, prefer }: { booking: Booking; nowMs: number; prefer: string | undefined },
): Promise<BookingBody> {
	const { database, seatPlans } = deps;
	reply.header("etag", entityTag(booking.version));
	// The change has happened, and `unavailable` would say that it has not. A repeated request returns the booking.
	const plan = await seatPlans.find(booking.planId, booking.id).catch((error: unknown) => {
		throw new SeatStoreFault("outcome_unknown", error);
	});
	const refunds = await findOwnRefunds(database, [booking]);
	const body = presentBooking(booking, plan, nowMs, refunds.get(booking.id) ?? null);
	return { ...body, recorded: await applyPreferWait(deps, reply, { booking, prefer }) };
}

/** Waits for the ledger as long as `prefer` asks for. Returns whether the ledger has the booking, and sets the header if it has. */
export async function applyPreferWait(
	{ awaitRecorded, logger }: Pick<RouteDeps, "awaitRecorded" | "logger">,
	reply: Pick<FastifyReply, "header">,
	{ booking, prefer }: { booking: Booking; prefer: string | undefined },
): Promise<boolean> {
	const seconds = parsePreferWait(prefer);
	if (seconds === null) return booking.recorded;
	const recorded = await awaitRecorded(booking, seconds).catch((error: unknown) => {
		logger.warn({ err: error, bookingId: booking.id }, "ledger wait failed");
		return false;
	});
	if (recorded) reply.header("preference-applied", `wait=${seconds}`);
	return recorded;
}
