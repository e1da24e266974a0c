/** The wire schema of a booking for staff. */
import { type Static, Type } from "typebox";
import { BookedShowtime, BookingObject } from "./booking.ts";
import { EXAMPLE_IDS } from "./examples.ts";
import { CLOSED, id, nullableText, share } from "./share.ts";

const AdminBookingObject = Type.Object(
	{
		...BookingObject.properties,
		user: Type.Object(
			{
				id: id("User id", EXAMPLE_IDS.user),
				email: nullableText("E-mail address; null if the account was deleted, and while the ledger cannot be read", "ada@example.com"),
				displayName: nullableText("Name; null if the account was deleted, and while the ledger cannot be read", "Ada"),
			},
			{ ...CLOSED, description: "The user who has the booking" },
		),
		showtime: BookedShowtime,
	},
	{ ...CLOSED, description: "A booking as staff see it, with its user and its showtime" },
);
/** Schema of a booking for staff. */
export const AdminBooking = share("AdminBooking", AdminBookingObject);
/** The JSON of a booking for staff. */
export type AdminBookingBody = Static<typeof AdminBookingObject>;
