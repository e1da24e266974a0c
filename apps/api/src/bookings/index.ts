/** The booking routes: hold, list, show, confirm and cancel. */
import type { ApiServer } from "../api-server.ts";
import type { RouteDeps } from "../deps.ts";
import { addCancelBooking } from "./cancel-booking.ts";
import { addConfirmBooking } from "./confirm-booking.ts";
import { addListBookings } from "./list-bookings.ts";
import { addPlaceHold } from "./place-hold.ts";
import { addShowBooking } from "./show-booking.ts";

/** Registers the booking routes. `app` has the prefix `/bookings`. */
export function addBookingRoutes(app: ApiServer, deps: RouteDeps): void {
	app.addHook("onRequest", (_request, reply, next) => {
		reply.header("cache-control", "no-store");
		next();
	});
	app.addHook("onRequest", app.limitBuyerAddress);
	app.addHook("preParsing", app.limitUser);
	addPlaceHold(app, deps);
	addListBookings(app, deps);
	addShowBooking(app, deps);
	addConfirmBooking(app, deps);
	addCancelBooking(app, deps);
}
