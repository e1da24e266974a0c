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
		summary: "Confirm a hold",
		description:
			"Confirms a hold: all of its seats are sold to the user. A hold can be confirmed until its `expiresAt`, also while the " +
			"showtime is paused or closed, or after `salesCloseAt`. `showtime_closed` is answered only if the showtime is over and its " +
			"live seats are deleted: the hold can no longer be confirmed. The repeat of a confirm that succeeded is answered 200 also " +
			"after `expiresAt`, while the booking has not changed in between. If the repeat is answered otherwise, `GET " +
			"/api/v1/bookings/{id}` shows the outcome. Send no body, or `{}`.",
		answer: "The confirmed booking",
		refusals: ["booking_state", "hold_expired"],
		async execute(command) {
			const result = await deps.seatStore.confirmBooking(command);
			// The script answers with the time of this call; the repeat of a confirm has an earlier one in the record.
			if (result.outcome === "confirmed" && result.booking.confirmedAt === result.nowMs) deps.holdCounts.confirmed += 1;
			return result;
		},
		answerAfterEnd: answerConfirmAfterEnd,
	});
}
