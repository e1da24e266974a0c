/** `DELETE /bookings/:id`: release a hold or cancel a confirmed booking; a repeat answers the same. */
import type { ApiServer } from "../api-server.ts";
import type { RouteDeps } from "../deps.ts";
import { addChangeRoute } from "./add-change-route.ts";
import { answerCancelOver } from "./answer-over.ts";

export function addCancelBooking(app: ApiServer, deps: RouteDeps): void {
	addChangeRoute(app, deps, {
		method: "DELETE",
		url: "/:id",
		operationId: "cancelBooking",
		summary: "Release or cancel a booking",
		description:
			"A hold is released, a confirmed booking cancelled until its showtime starts; the seats are free at once and the record stays. " +
			"Repeating it answers the same; an expired hold stays expired.",
		answer: "The booking as it stands now",
		refusals: ["showtime_started"],
		ask: (command) => deps.seatStore.cancelBooking(command),
		answerOver: answerCancelOver,
	});
}
