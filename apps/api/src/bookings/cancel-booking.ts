/** `DELETE /bookings/:id`: releases a hold or cancels a confirmed booking. A repeat gets the same answer. */
import type { ApiServer } from "../api-server.ts";
import type { RouteDeps } from "../deps.ts";
import { addChangeRoute } from "./add-change-route.ts";
import { answerCancelAfterEnd } from "./answer-after-end.ts";

/** Registers `DELETE /bookings/:id`. */
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
		execute: (command) => deps.seatStore.cancelBooking(command),
		answerAfterEnd: answerCancelAfterEnd,
	});
}
