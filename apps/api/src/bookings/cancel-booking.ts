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
			"A hold is released, a confirmed booking cancelled until its showtime starts; the seats are free at once and the record stays. " +
			"Repeating it answers the same; an expired hold stays expired.",
		answer: "The booking as it stands now",
		refusals: ["showtime_started"],
		execute: (command) => deps.seatStore.cancelBooking(command),
		answerAfterEnd: answerCancelAfterEnd,
	});
}
