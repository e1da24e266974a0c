/** A booking on the wire: one id for life, from hold to ticket. */
import { BOOKING_STATUSES, IDEMPOTENCY_KEY_PATTERN, LIMIT_SPECS } from "@holdfast/domain";
import { type Static, type TSchema, Type } from "typebox";
import { Money } from "./money.ts";
import { page } from "./page.ts";
import { CLOSED, instant, nullableInstant, oneOf, share } from "./share.ts";

const BookingObject = Type.Object(
	{
		id: Type.String(),
		showtimeId: Type.String(),
		status: oneOf(BOOKING_STATUSES, "`pending`: seats are held until `expiresAt`. `expired`: they were not confirmed in time"),
		seats: Type.Array(Type.String(), { description: "Seat labels in the plan's order" }),
		total: Money.ref,
		expiresAt: instant("When the hold lapses, or would have"),
		expiresInSeconds: Type.Optional(
			Type.Integer({ minimum: 0, description: "Only while `pending`; by the clock that judges, rounded down" }),
		),
		createdAt: instant("When the hold was placed"),
		confirmedAt: nullableInstant("When it was confirmed"),
		cancelledAt: nullableInstant("When it was released or cancelled"),
		recorded: Type.Boolean({ description: "Whether the ledger has this version" }),
		version: Type.Integer({ minimum: 1, description: "Rises with each change; the `ETag`" }),
	},
	CLOSED,
);
export const Booking = share("Booking", BookingObject);
export type BookingBody = Static<typeof BookingObject>;

const BookedShowtime = Type.Object(
	{
		id: Type.String(),
		startsAt: instant("When it starts"),
		endsAt: instant("When it ends"),
		timeZone: Type.String({ description: "IANA zone of the venue" }),
		movie: Type.Object({ id: Type.String(), title: Type.String() }, CLOSED),
		auditorium: Type.Object({ id: Type.String(), name: Type.String() }, CLOSED),
	},
	CLOSED,
);
const BookingDetailsObject = Type.Object({ ...BookingObject.properties, showtime: BookedShowtime }, CLOSED);
export const BookingDetails = share("BookingDetails", BookingDetailsObject);
export type BookingDetailsBody = Static<typeof BookingDetailsObject>;

export const BookingPage = share("BookingPage", page(Booking.ref));

/** Longest label worth looking up; any spelling up to here that no seat has is 422, not 400. */
const SEAT_TEXT_MAX_CHARS = 32;

export const HoldRequest = share(
	"HoldRequest",
	Type.Object(
		{
			showtimeId: Type.String({ maxLength: 64 }),
			seats: Type.Array(Type.String({ minLength: 1, maxLength: SEAT_TEXT_MAX_CHARS }), {
				minItems: 1,
				maxItems: LIMIT_SPECS.seatsPerBookingMax.max,
				uniqueItems: true,
				description: "Labels exactly as the seat map spells them",
			}),
		},
		CLOSED,
	),
);

export const IdempotencyHeaders = Type.Object({
	"idempotency-key": Type.Optional(
		Type.String({
			pattern: IDEMPOTENCY_KEY_PATTERN,
			description: "The same key for the same seats at one showtime gives the same booking, for a day",
		}),
	),
});

/** Of requests that change a booking. */
export const ChangeHeaders = Type.Object({
	prefer: Type.Optional(
		Type.String({
			maxLength: 200,
			description: "`wait=5`: answer once the ledger has it, or after so many seconds (10 at most) with `recorded: false`",
		}),
	),
	"if-match": Type.Optional(
		Type.String({
			maxLength: 200,
			description: 'One entity tag, `"1"`: go on only if the booking stands at that version. `*`: whatever it is',
		}),
	),
});

/** Headers of every answer that is one booking. */
export const BOOKING_ANSWER_HEADERS: Record<string, TSchema> = {
	ETag: Type.String({ description: "The booking's version in quotes" }),
};
/** Headers of the answer to a change. */
export const CHANGE_ANSWER_HEADERS: Record<string, TSchema> = {
	...BOOKING_ANSWER_HEADERS,
	"Preference-Applied": Type.String({ description: "`wait=5`: it was waited for, and the ledger has it" }),
};
