/** A booking on the wire: one id for life, from hold to ticket. */
import { BOOKING_STATUSES, IDEMPOTENCY_KEY_PATTERN, LIMIT_SPECS } from "@holdfast/domain";
import { type Static, type TSchema, Type } from "typebox";
import { EXAMPLE_IDS, EXAMPLE_SEATS, EXAMPLE_TIMES } from "./examples.ts";
import { Money } from "./money.ts";
import { page } from "./page.ts";
import { CLOSED, id, instant, nullableInstant, oneOf, share, text } from "./share.ts";

const BookingObject = Type.Object(
	{
		id: id("The same from hold to ticket", EXAMPLE_IDS.booking),
		showtimeId: id("What it is for", EXAMPLE_IDS.showtime),
		status: oneOf(BOOKING_STATUSES, "`pending`: seats are held until `expiresAt`. `expired`: they were not confirmed in time"),
		seats: Type.Array(Type.String(), { description: "Seat labels in the plan's order", examples: [EXAMPLE_SEATS] }),
		total: Money.ref,
		expiresAt: instant("When the hold lapses, or would have", EXAMPLE_TIMES.expires),
		expiresInSeconds: Type.Optional(
			Type.Integer({ minimum: 0, description: "Only while `pending`; by the clock that judges, rounded down", examples: [420] }),
		),
		createdAt: instant("When the hold was placed", EXAMPLE_TIMES.held),
		confirmedAt: nullableInstant("When it was confirmed", null),
		cancelledAt: nullableInstant("When it was released or cancelled", null),
		recorded: Type.Boolean({ description: "Whether the ledger has this version", examples: [false] }),
		version: Type.Integer({ minimum: 1, description: "Rises with each change; the `ETag`", examples: [1] }),
	},
	{ ...CLOSED, description: "A hold, and what became of it" },
);
export const Booking = share("Booking", BookingObject);
export type BookingBody = Static<typeof BookingObject>;

const BookedShowtime = Type.Object(
	{
		id: id("Its id", EXAMPLE_IDS.showtime),
		startsAt: instant("When it starts", EXAMPLE_TIMES.starts),
		endsAt: instant("When it ends", EXAMPLE_TIMES.ends),
		timeZone: text("IANA zone of the venue", "Europe/Vienna"),
		movie: Type.Object(
			{ id: id("Its id", EXAMPLE_IDS.movie), title: text("Its title", "The Third Man") },
			{ ...CLOSED, description: "What is shown" },
		),
		auditorium: Type.Object(
			{ id: id("Its id", EXAMPLE_IDS.auditorium), name: text("Its name", "Hall 1") },
			{ ...CLOSED, description: "Where" },
		),
	},
	{ ...CLOSED, description: "What it is for" },
);
const BookingDetailsObject = Type.Object(
	{ ...BookingObject.properties, showtime: BookedShowtime },
	{ ...CLOSED, description: "A booking, and what it is for" },
);
export const BookingDetails = share("BookingDetails", BookingDetailsObject);
export type BookingDetailsBody = Static<typeof BookingDetailsObject>;

export const BookingPage = share("BookingPage", page(Booking.ref));

/** Longest label worth looking up; any spelling up to here that no seat has is 422, not 400. */
const SEAT_TEXT_MAX_CHARS = 32;

export const HoldRequest = share(
	"HoldRequest",
	Type.Object(
		{
			showtimeId: Type.String({ maxLength: 64, description: "Id of the showtime", examples: [EXAMPLE_IDS.showtime] }),
			seats: Type.Array(Type.String({ minLength: 1, maxLength: SEAT_TEXT_MAX_CHARS }), {
				minItems: 1,
				maxItems: LIMIT_SPECS.seatsPerBookingMax.max,
				uniqueItems: true,
				description: "Labels exactly as the seat map spells them",
				examples: [EXAMPLE_SEATS],
			}),
		},
		{ ...CLOSED, description: "Which seats of which showtime: all of them or none" },
	),
);

export const IdempotencyHeaders = Type.Object({
	"idempotency-key": Type.Optional(
		Type.String({
			pattern: IDEMPOTENCY_KEY_PATTERN,
			description:
				"A text of your own, new for each booking you want. The same key for the same seats at one showtime gives the same booking, " +
				"until an hour after its `expiresAt`: send it along, and a hold whose answer was lost can be asked for again. Later the key places a new hold",
			examples: ["5b0fb1ab-1f0c-4c55-a8f5-9c1d6a7c2c11"],
		}),
	),
});

/** Of requests that change a booking. */
export const ChangeHeaders = Type.Object({
	prefer: Type.Optional(
		Type.String({
			maxLength: 200,
			description:
				"`wait=5`: answer once the ledger has it; after so many seconds (10 at most), or at once where too many wait, with `recorded: false`",
			examples: ["wait=5"],
		}),
	),
	"if-match": Type.Optional(
		Type.String({
			maxLength: 200,
			description: 'One entity tag, `"1"`: go on only if the booking stands at that version. `*`: whatever it is',
			examples: ['"1"'],
		}),
	),
});

/** Headers of every answer that is one booking. */
export const BOOKING_ANSWER_HEADERS: Record<string, TSchema> = {
	ETag: text("The booking's version in quotes", '"1"'),
};
/** Headers of the answer to a change. */
export const CHANGE_ANSWER_HEADERS: Record<string, TSchema> = {
	...BOOKING_ANSWER_HEADERS,
	"Preference-Applied": text("`wait=5`: it was waited for, and the ledger has it", "wait=5"),
};
