/** The wire schemas of bookings: the booking itself, the request that places a hold, and the headers of both. */
import { BOOKING_STATUSES, IDEMPOTENCY_KEY_PATTERN, LIMIT_SPECS } from "@holdfast/domain";
import { type Static, type TSchema, Type } from "typebox";
import { EXAMPLE_IDS, EXAMPLE_SEATS, EXAMPLE_TIMES } from "./examples.ts";
import { Money } from "./money.ts";
import { page } from "./page.ts";
import { CLOSED, id, instant, nullableInstant, oneOf, share, text } from "./share.ts";

const BookingObject = Type.Object(
	{
		id: id("Booking id; it stays the same from hold to confirmed booking", EXAMPLE_IDS.booking),
		showtimeId: id("Showtime that the booking is for", EXAMPLE_IDS.showtime),
		status: oneOf(
			BOOKING_STATUSES,
			"`pending`: the seats are held until `expiresAt`. `confirmed`: the seats are sold. `cancelled`: the hold was released, or the " +
				"confirmed booking was cancelled. `expired`: the hold was not confirmed in time",
		),
		seats: Type.Array(Type.String(), { description: "Seat labels, in the order of the seat plan", examples: [EXAMPLE_SEATS] }),
		total: Money.ref,
		expiresAt: instant("When the hold expires or expired; after a confirm or a release, when it would have expired", EXAMPLE_TIMES.expires),
		expiresInSeconds: Type.Optional(
			Type.Integer({
				minimum: 0,
				description: "Seconds until `expiresAt` by the server's clock, rounded down. Present only while `pending`",
				examples: [420],
			}),
		),
		createdAt: instant("When the hold was placed", EXAMPLE_TIMES.held),
		confirmedAt: nullableInstant("When the booking was confirmed; null if it was not", null),
		cancelledAt: nullableInstant("When the hold was released or the booking cancelled; null if neither happened", null),
		recorded: Type.Boolean({
			description: "Whether the ledger, the permanent record in Postgres, has this version. Holds are not written to the ledger",
			examples: [false],
		}),
		version: Type.Integer({
			minimum: 1,
			description: "Increases with each change of the booking; sent in quotes as the `ETag`",
			examples: [1],
		}),
	},
	{ ...CLOSED, description: "A booking: it begins as a hold (`pending`) and is confirmed, released, cancelled or expired later" },
);
/** Schema of a booking. */
export const Booking = share("Booking", BookingObject);
/** The JSON of a booking. */
export type BookingBody = Static<typeof BookingObject>;

const BookedShowtime = Type.Object(
	{
		id: id("Showtime id", EXAMPLE_IDS.showtime),
		startsAt: instant("When the showtime starts", EXAMPLE_TIMES.starts),
		endsAt: instant("When the showtime ends", EXAMPLE_TIMES.ends),
		timeZone: text("IANA time zone of the venue", "Europe/Vienna"),
		movie: Type.Object(
			{ id: id("Movie id", EXAMPLE_IDS.movie), title: text("Title of the movie", "The Third Man") },
			{ ...CLOSED, description: "The movie that is shown" },
		),
		auditorium: Type.Object(
			{ id: id("Auditorium id", EXAMPLE_IDS.auditorium), name: text("Name of the auditorium", "Hall 1") },
			{ ...CLOSED, description: "The auditorium in which it is shown" },
		),
	},
	{ ...CLOSED, description: "The showtime that the booking is for" },
);
const BookingDetailsObject = Type.Object(
	{ ...BookingObject.properties, showtime: BookedShowtime },
	{ ...CLOSED, description: "A booking with its showtime" },
);
/** Schema of a booking with its showtime. */
export const BookingDetails = share("BookingDetails", BookingDetailsObject);
/** The JSON of a booking with its showtime. */
export type BookingDetailsBody = Static<typeof BookingDetailsObject>;

/** Schema of one page of bookings. */
export const BookingPage = share("BookingPage", page(Booking.ref));

/** A longer label is answered 400. An unknown label of up to this length is answered 422 `unknown_seats`. */
const SEAT_TEXT_MAX_CHARS = 32;

/** Schema of the body that places a hold. */
export const HoldRequest = share(
	"HoldRequest",
	Type.Object(
		{
			showtimeId: Type.String({ maxLength: 64, description: "Id of the showtime", examples: [EXAMPLE_IDS.showtime] }),
			seats: Type.Array(Type.String({ minLength: 1, maxLength: SEAT_TEXT_MAX_CHARS }), {
				minItems: 1,
				maxItems: LIMIT_SPECS.seatsPerBookingMax.max,
				uniqueItems: true,
				description: "Seat labels, spelled exactly as in the seat map",
				examples: [EXAMPLE_SEATS],
			}),
		},
		{ ...CLOSED, description: "The seats to hold at one showtime. Either all of them are held or none" },
	),
);

/** Request headers of placing a hold. */
export const IdempotencyHeaders = Type.Object({
	"idempotency-key": Type.Optional(
		Type.String({
			pattern: IDEMPOTENCY_KEY_PATTERN,
			description:
				"A random string that the client generates for each new booking. It makes placing a hold safe to repeat: the same key with the same " +
				"seats at the same showtime returns the same booking until an hour after its `expiresAt`. After that, the key places a " +
				"new hold",
			examples: ["5b0fb1ab-1f0c-4c55-a8f5-9c1d6a7c2c11"],
		}),
	),
});

/** Request headers of confirm and cancel. */
export const ChangeHeaders = Type.Object({
	prefer: Type.Optional(
		Type.String({
			maxLength: 200,
			description:
				"`wait=5`: answer once the ledger has the change, or after 5 seconds (at most 10 can be requested) with `recorded: false`. If too " +
				"many requests are waiting already, the answer comes at once with `recorded: false`",
			examples: ["wait=5"],
		}),
	),
	"if-match": Type.Optional(
		Type.String({
			maxLength: 200,
			description: 'One entity tag such as `"1"`: change the booking only if it has this version. `*` matches any version',
			examples: ['"1"'],
		}),
	),
});

/** Response headers of every answer that is one booking. */
export const BOOKING_ANSWER_HEADERS: Record<string, TSchema> = {
	ETag: text("The `version` of the booking, in quotes", '"1"'),
};
/** Response headers of confirm and cancel. */
export const CHANGE_ANSWER_HEADERS: Record<string, TSchema> = {
	...BOOKING_ANSWER_HEADERS,
	"Preference-Applied": text("Present if the server waited as `Prefer` asked and the ledger has the change", "wait=5"),
};
