/** `POST /bookings/:id/confirm`: sells the held seats to their holder. A repeat gets the same answer. */
import type { ApiServer } from "../api-server.ts";
import type { RouteDeps } from "../deps.ts";
import { addChangeRoute } from "./add-change-route.ts";
import { answerConfirmAfterEnd } from "./answer-after-end.ts";

/** Registers `POST /bookings/:id/confirm`. */
export function addConfirmBooking(app: ApiServer, deps: RouteDeps): void {
	addChangeRoute(app, deps, {
		method: "POST",
		url: "/:id/confirm",
		operationId: "confirmBooking",
		summary: "Confirm a booking",
		description: "Confirms a hold: all of its seats are sold to the user. A repeated request gets the same answer. Takes no body, or `{}`.",
		answer: "The confirmed booking",
		refusals: ["booking_state", "hold_expired"],
		execute: (command) => deps.seatStore.confirmBooking(command),
		answerAfterEnd: answerConfirmAfterEnd,
	});
}
