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
		summary: "Release a hold or cancel a booking",
		description:
			"Releases a hold, or cancels a confirmed booking before its showtime starts. The seats are free at once. A cancelled booking " +
			"can still be read; a released hold can be read until an hour after its `expiresAt`. The repeat of a request that succeeded is " +
			"answered 200, while the booking has not changed in between. If the repeat is answered otherwise, `GET /api/v1/bookings/{id}` " +
			"shows the outcome. An expired hold remains `expired`, and the answer is 200 as well: read `status`. To release only a hold, " +
			"send `If-Match`: otherwise a booking confirmed meanwhile is cancelled. `showtime_closed` is answered only for a hold whose " +
			"showtime is over and whose live seats are deleted: the hold expires by itself. Send no body, or `{}`.",
		answer: "The booking, which is `cancelled`, or `expired` if it was an expired hold",
		refusals: ["showtime_started"],
		execute: (command) => deps.seatStore.cancelBooking(command),
		answerAfterEnd: answerCancelAfterEnd,
	});
}
