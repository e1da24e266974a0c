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
			"Releases a hold, or cancels a confirmed booking before its showtime starts. The seats are free at once; the booking can still be " +
			"read. A repeated request gets the same answer. An expired hold remains `expired`. Takes no body, or `{}`.",
		answer: "The released, cancelled or expired booking",
		refusals: ["showtime_started"],
		ask: (command) => deps.seatStore.cancelBooking(command),
		answerOver: answerCancelOver,
	});
}
