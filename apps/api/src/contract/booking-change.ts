/** The wire schemas of what staff do to bookings: a sale, a change of the status, and a move to other seats. */
import { IDEMPOTENCY_KEY_PATTERN } from "@holdfast/domain";
import { Type } from "typebox";
import { IF_MATCH, reason } from "./admin.ts";
import { ChangeHeaders, seatLabels } from "./booking.ts";
import { EXAMPLE_IDS } from "./examples.ts";
import { CLOSED, oneOf, share } from "./share.ts";

/** The statuses that staff can give a booking. */
export const STAFF_STATUSES = ["confirmed", "cancelled"] as const;

const idInRequest = (description: string, example: string) => Type.String({ maxLength: 64, description, examples: [example] });

/** Schema of the body of a sale by staff. */
export const StaffSale = share(
	"StaffSale",
	Type.Object(
		{
			showtimeId: idInRequest("Id of the showtime", EXAMPLE_IDS.showtime),
			seats: seatLabels,
			userId: Type.Optional(idInRequest("Id of the account that gets the booking", EXAMPLE_IDS.user)),
			email: Type.Optional(
				Type.String({
					minLength: 1,
					maxLength: 254,
					pattern: "^[^\\u0000]*$",
					description: "Instead of `userId`: the e-mail address of the account, in any letter case. There are no wildcards",
					examples: ["ada@example.com"],
				}),
			),
			confirm: Type.Optional(
				Type.Boolean({
					default: true,
					examples: [true],
					description:
						"`false`: only hold the seats, as long as a buyer would. The hold can be confirmed or released with `PUT .../status`",
				}),
			),
			reason: Type.Optional(reason),
		},
		{
			...CLOSED,
			description: "The seats to sell at one showtime. Without `userId` and `email` they are for a customer without an account",
		},
	),
);

/** Schema of the body that changes the status of a booking. */
export const BookingStatusChange = share(
	"BookingStatusChange",
	Type.Object(
		{
			status: oneOf(
				STAFF_STATUSES,
				"`confirmed`: confirms a hold, or brings a cancelled booking back. `cancelled`: releases a hold, or cancels a confirmed booking",
			),
			reason,
			refundPercent: Type.Optional(
				Type.Integer({
					minimum: 0,
					maximum: 100,
					description:
						"Only with the cancel of a confirmed booking: how much of its price the customer gets back, in percent, rounded down to the " +
						"smallest unit of the currency. 0: nothing is owed. Without it: 100",
					examples: [100],
				}),
			),
		},
		{ ...CLOSED, description: "The status that the booking shall have, and why" },
	),
);

/** Schema of the body that moves a booking to other seats. */
export const BookingReseat = share(
	"BookingReseat",
	Type.Object(
		{ seats: seatLabels, reason },
		{ ...CLOSED, description: "All seats that the booking shall have, also those that it keeps, and why" },
	),
);

const { prefer } = ChangeHeaders.properties;

/** Request headers of a change of a booking by staff. */
export const STAFF_CHANGE_HEADERS = Type.Object({ ...IF_MATCH.properties, prefer });

/** Request headers of a sale by staff. */
export const STAFF_SALE_HEADERS = Type.Object({
	"idempotency-key": Type.Optional(
		Type.String({
			pattern: IDEMPOTENCY_KEY_PATTERN,
			description:
				"Send one with every sale. Without it, a repeat after a lost answer is answered `seats_taken`, because the first request has the " +
				"seats. 1 to 64 letters, digits, `-` and `_`, new for each sale. Keys are separate for each member of staff and showtime. A repeat " +
				"with the same key, seats and customer completes the sale if the first request did not, and is answered 201 with " +
				"`Idempotency-Replayed: true` and the existing booking with its current status. With other seats or another customer it is answered " +
				"`idempotency_mismatch`. A refused request does not use the key. An hour after the `expiresAt` of the hold the key is forgotten",
			examples: ["5b0fb1ab-1f0c-4c55-a8f5-9c1d6a7c2c11"],
		}),
	),
	prefer,
});
