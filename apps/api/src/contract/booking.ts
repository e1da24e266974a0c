/** The wire schemas of bookings: the booking itself, the request that places a hold, and the headers of both. */
import { REFUND_REASONS } from "@holdfast/database";
import { BOOKING_STATUSES, IDEMPOTENCY_KEY_PATTERN, LIMIT_SPECS } from "@holdfast/domain";
import { type Static, type TSchema, Type } from "typebox";
import { PREFER_WAIT_MAX_S } from "../bookings/prefer-wait.ts";
import { EXAMPLE_CURSORS, EXAMPLE_IDS, EXAMPLE_SEATS, EXAMPLE_TIMES } from "./examples.ts";
import { Money } from "./money.ts";
import { page } from "./page.ts";
import { CLOSED, id, instant, nullableInstant, oneOf, share, text } from "./share.ts";

/** The fields of a refund of a booking. */
export const RefundObject = Type.Object(
	{
		status: oneOf(
			["due", "sent", "refunded", "failed"],
			"`due`: owed. `sent`: on its way. `refunded`: paid back. `failed`: could not be paid back; contact the cinema",
		),
		amount: Money.ref,
		percent: Type.Integer({ minimum: 1, maximum: 100, description: "How much of the price that is, in percent", examples: [100] }),
		reason: oneOf(
			REFUND_REASONS,
			"`showtime_cancelled`, `staff`, `cancelled`: the cinema cancelled the showtime, or the booking. `conflict`: the seats were sold already",
		),
	},
	{ ...CLOSED, description: "A refund of a booking" },
);

/** The fields of a booking. */
export const BookingObject = Type.Object(
	{
		id: id("Booking id; it stays the same from hold to confirmed booking", EXAMPLE_IDS.booking),
		showtimeId: id("Showtime that the booking belongs to", EXAMPLE_IDS.showtime),
		status: oneOf(
			BOOKING_STATUSES,
			"`pending`: the seats are held until `expiresAt`. `confirmed`: the seats are sold to the user. `cancelled`: the user released the " +
				"hold (`confirmedAt` is null), or the booking was cancelled after it was confirmed: by the user or the cinema, because the " +
				"showtime was cancelled, or, in rare cases after a loss of data, because its seats turned out to be sold already. `expired`: the hold was not " +
				"confirmed in time",
		),
		seats: Type.Array(Type.String(), { description: "Seat labels, in the order of the seat plan", examples: [EXAMPLE_SEATS] }),
		total: Money.ref,
		expiresAt: instant(
			"When the hold ends if it is not confirmed: at the latest at the later of the showtime's start and the end of its sales. Kept after a confirm, release or expiry",
			EXAMPLE_TIMES.expires,
		),
		expiresInSeconds: Type.Optional(
			Type.Integer({
				minimum: 0,
				description:
					"Seconds until the hold expires, rounded down and counted from when the answer was sent. For a countdown that " +
					"compares no clocks. Present only while `pending`",
				examples: [420],
			}),
		),
		createdAt: instant("When the hold was placed", EXAMPLE_TIMES.held),
		confirmedAt: nullableInstant("When the booking was confirmed, last if it was cancelled and revived; null if it was not", null),
		cancelledAt: nullableInstant(
			"When the hold was released or the booking was cancelled. Null if `status` is not `cancelled`, and if the booking was cancelled " +
				"because its seats turned out to be sold already",
			null,
		),
		refund: Type.Unsafe<Static<typeof RefundObject> | null>({
			anyOf: [RefundObject, { type: "null" }],
			description:
				"What the cinema owes the user for a cancelled booking; null if it owes nothing, and while the ledger cannot be read. A cancel by " +
				"the user owes nothing",
		}),
		recorded: Type.Boolean({
			description:
				"Whether the ledger (the permanent record, in Postgres) has this version too; usually within a few tenths of a second. Show " +
				"a `confirmed` booking as bought either way. Always false for holds, which are not written to the ledger",
			examples: [false],
		}),
		version: Type.Integer({
			minimum: 1,
			description: "Increases with each change of the booking; sent in quotes as the `ETag`",
			examples: [1],
		}),
	},
	{
		...CLOSED,
		description:
			"A booking: it begins as a hold (`pending`) and is later `confirmed`, `cancelled` or `expired`. `total` is the price of all seats " +
			"together, fixed when the hold was placed. A booking has no price per seat",
	},
);
/** Schema of a booking. */
export const Booking = share("Booking", BookingObject);
/** The JSON of a booking. */
export type BookingBody = Static<typeof BookingObject>;

/** The showtime of a booking. */
export const BookedShowtime = Type.Object(
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
	{ ...CLOSED, description: "The showtime that the booking belongs to" },
);
/** A move of the showtime of a booking. */
export const RescheduledObject = Type.Object(
	{
		from: Type.Object(
			{
				startsAt: instant("When the showtime was to start", EXAMPLE_TIMES.starts),
				endsAt: instant("When the showtime was to end", EXAMPLE_TIMES.ends),
			},
			{ ...CLOSED, description: "The time when the seats were held" },
		),
		at: instant("When the showtime was last moved", EXAMPLE_TIMES.held),
	},
	{ ...CLOSED, description: "A move of the showtime" },
);
const BookingDetailsObject = Type.Object(
	{
		...BookingObject.properties,
		showtime: BookedShowtime,
		rescheduled: Type.Unsafe<Static<typeof RescheduledObject> | null>({
			anyOf: [RescheduledObject, { type: "null" }],
			description:
				"That the showtime was moved after the seats were held; `showtime` has the new time. Null if it was not, and while the ledger " +
				"cannot be read",
		}),
	},
	{
		...CLOSED,
		description: "A booking with its showtime. `total` is the price of all seats together, fixed when the hold was placed",
	},
);
/** Schema of a booking with its showtime. */
export const BookingDetails = share("BookingDetails", BookingDetailsObject);
/** The JSON of a booking with its showtime. */
export type BookingDetailsBody = Static<typeof BookingDetailsObject>;

/** Schema of one page of bookings. */
export const BookingPage = share("BookingPage", page(Booking.ref, EXAMPLE_CURSORS.bookings));

/** A longer label is answered 400. An unknown label of up to this length is answered 422 `unknown_seats`. */
const SEAT_TEXT_MAX_CHARS = 32;

/** The seats of one booking in a request. */
export const seatLabels = Type.Array(Type.String({ minLength: 1, maxLength: SEAT_TEXT_MAX_CHARS }), {
	minItems: 1,
	maxItems: LIMIT_SPECS.seatsPerBookingMax.max,
	uniqueItems: true,
	description: "Seat labels, exactly as in `label` of the seats (case-sensitive)",
	examples: [EXAMPLE_SEATS],
});

/** Schema of the body that places a hold. */
export const HoldRequest = share(
	"HoldRequest",
	Type.Object(
		{
			showtimeId: Type.String({ maxLength: 64, description: "Id of the showtime", examples: [EXAMPLE_IDS.showtime] }),
			seats: seatLabels,
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
				"Send one with every request that places a hold. Without it, a repeat after a lost answer is answered `seats_taken`, because " +
				"your own first request holds the seats. 1 to 64 letters, digits, `-` and `_`, such as a UUID, new for each hold. Keys are " +
				"separate for each user and showtime. A repeat with the same key and seats, in any order, is answered 201 with " +
				"`Idempotency-Replayed: true` and the existing booking with its current status: check `status`, which may be `expired`, " +
				"`cancelled` or `confirmed`. With other seats it is answered `idempotency_mismatch`. A refused request does not use the key. " +
				"An hour after the `expiresAt` of the hold the key is forgotten, even if the hold was confirmed, and a repeat places a new " +
				"hold. If more than an hour has passed since you first sent it, look in `GET /api/v1/bookings` instead of repeating",
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
				`\`wait=n\`: wait up to n seconds (a value above ${PREFER_WAIT_MAX_S} is treated as ${PREFER_WAIT_MAX_S}) until the ledger ` +
				"has the change. The answer has `recorded: true` if the ledger has it, otherwise `recorded: false`; the change has been " +
				"made in either case. The release of a hold never waits. If too many requests are waiting already, the answer comes at once",
			examples: ["wait=5"],
		}),
	),
	"if-match": Type.Optional(
		Type.String({
			maxLength: 200,
			description:
				'One entity tag such as `"1"`: change the booking only if it has this version, otherwise answer 412. Repeat a request with the ' +
				"same tag: if the first request succeeded, the repeat gets 200. `*` matches any version",
			examples: ['"1"'],
		}),
	),
});

const BOOKING_ETAG = "The `version` of the booking, in quotes";
/** Response headers of every answer that is one booking. */
export const BOOKING_ANSWER_HEADERS: Record<string, TSchema> = {
	ETag: text(BOOKING_ETAG, '"1"'),
};
/** Response headers of confirm and cancel. */
export const CHANGE_ANSWER_HEADERS: Record<string, TSchema> = {
	ETag: text(BOOKING_ETAG, '"2"'),
	"Preference-Applied": text("Present if the request had `Prefer: wait` and the ledger has the change", "wait=5"),
};
