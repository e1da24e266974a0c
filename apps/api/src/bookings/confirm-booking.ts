/** `POST /bookings/:id/confirm`: the held seats become the user's, once; a repeat answers the same. */
import type { ApiServer } from "../api-server.ts";
import type { RouteDeps } from "../deps.ts";
import { addChangeRoute } from "./add-change-route.ts";
import { answerConfirmOver } from "./answer-over.ts";

export function addConfirmBooking(app: ApiServer, deps: RouteDeps): void {
	addChangeRoute(app, deps, {
		method: "POST",
		url: "/:id/confirm",
		operationId: "confirmBooking",
		summary: "Confirm a booking",
		description: "Confirms a hold: all of its seats are sold to the user. A repeated request gets the same answer. Takes no body, or `{}`.",
		answer: "The confirmed booking",
		refusals: ["booking_state", "hold_expired"],
		ask: (command) => deps.seatStore.confirmBooking(command),
		answerOver: answerConfirmOver,
	});
}
