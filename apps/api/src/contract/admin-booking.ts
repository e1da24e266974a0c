/** The wire schemas of bookings for staff: the list with its filters, and one booking with its history. */
import { BOOKING_PERIODS, NOTICE_KINDS, REFUND_STATUSES } from "@holdfast/database";
import { BOOKING_AMOUNT_MAX, SHOWTIMES_IN_FILTER_MAX } from "@holdfast/domain";
import { type Static, Type } from "typebox";
import { ID_MAX_CHARS, idFilter, instantInRequest } from "./admin.ts";
import { BookedShowtime, BookingObject, RefundObject, RescheduledObject } from "./booking.ts";
import { EXAMPLE_CURSORS, EXAMPLE_IDS, EXAMPLE_SEATS, EXAMPLE_TIMES } from "./examples.ts";
import { Price } from "./money.ts";
import { PAGE_QUERY, page } from "./page.ts";
import { CLOSED, id, instant, nullableInstant, nullableText, oneOf, share, text } from "./share.ts";

/** The statuses that the list filters by. A hold that expired or was released is not listed. */
export const LISTED_STATUSES = ["pending", "confirmed", "cancelled"] as const;
/** What a row of the CSV is. */
export const CSV_ROWS = ["bookings", "seats"] as const;
/** More than an e-mail address has. */
const EMAIL_MAX_CHARS = 254;

const instantFilter = (description: string) => Type.Optional(instantInRequest(description, EXAMPLE_TIMES.held));
const amountFilter = (description: string) =>
	Type.Optional(Type.Integer({ minimum: 0, maximum: BOOKING_AMOUNT_MAX, description, examples: [2500] }));
const oneShowtime = Type.String({ maxLength: ID_MAX_CHARS });

/** The query of the list of bookings. */
export const BookingQuery = Type.Object(
	{
		...PAGE_QUERY,
		status: Type.Optional(
			oneOf(
				LISTED_STATUSES,
				"Only bookings with this status. Without it, confirmed and cancelled ones. `pending` lists the live holds and needs `showtimeId` or " +
					"`userId`",
			),
		),
		showtimeId: Type.Optional(
			Type.Union([oneShowtime, Type.Array(oneShowtime, { minItems: 1, maxItems: SHOWTIMES_IN_FILTER_MAX })], {
				description: `Only bookings of this showtime. Repeat the parameter for several, at most ${SHOWTIMES_IN_FILTER_MAX}`,
			}),
		),
		movieId: idFilter("Only bookings of showtimes of this movie, which may be archived"),
		auditoriumId: idFilter("Only bookings of showtimes in this auditorium"),
		userId: idFilter("Only bookings of this user, whose account may be deleted"),
		email: Type.Optional(
			Type.String({
				minLength: 1,
				maxLength: EMAIL_MAX_CHARS,
				description: "Only bookings of the user with exactly this e-mail address, in any letter case. There are no wildcards",
			}),
		),
		period: Type.Optional(
			oneOf(BOOKING_PERIODS, "What `from` and `to` bound: when the seats were held (default), the confirm, or the start of the showtime"),
		),
		from: instantFilter("Only bookings from this instant on"),
		to: instantFilter("Only bookings before this instant"),
		amountMin: amountFilter("Only bookings that cost at least this, in the smallest unit of `currency`"),
		amountMax: amountFilter("Only bookings that cost at most this, in the smallest unit of `currency`"),
		currency: Type.Optional(
			Type.String({ pattern: "^[A-Z]{3}$", maxLength: 3, description: "Only bookings in this currency", examples: ["EUR"] }),
		),
		refund: Type.Optional(oneOf(REFUND_STATUSES, "Only bookings with a refund of this status")),
		rows: Type.Optional(oneOf(CSV_ROWS, "Only with `Accept: text/csv`: one row per booking (default) or per seat")),
	},
	CLOSED,
);
/** The query of the list of bookings, as it was sent. */
export type BookingQueryBody = Static<typeof BookingQuery>;

const AdminRefundObject = Type.Object(
	{
		...RefundObject.properties,
		dueAt: instant("When it became due", EXAMPLE_TIMES.held),
		settledAt: nullableInstant("When it was paid back; null if it was not", null),
		reference: nullableText(
			"What the payment provider calls it, or the reference of one that was paid by hand; null if there is none",
			null,
		),
	},
	{ ...CLOSED, description: "A refund of a booking, as staff see it" },
);

const AdminBookingObject = Type.Object(
	{
		...BookingObject.properties,
		refund: Type.Unsafe<Static<typeof AdminRefundObject> | null>({
			anyOf: [AdminRefundObject, { type: "null" }],
			description: "What is or was owed for a cancelled booking; null if nothing is, also if the refund was withdrawn",
		}),
		user: Type.Object(
			{
				id: id("User id", EXAMPLE_IDS.user),
				email: nullableText("E-mail address; null if the account was deleted", "ada@example.com"),
				displayName: nullableText("Name; null if the account was deleted", "Ada"),
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

/** What a list of the ledger says about its age. */
export const LEDGER_AGE = {
	asOf: instant("When the ledger was read", EXAMPLE_TIMES.held),
	settleLagMs: Type.Unsafe<number | null>({
		type: ["integer", "null"],
		description:
			"Age in milliseconds of the oldest event that the ledger does not have yet: confirms and cancels of that time may be missing. 0 if it has " +
			"all events, null if unknown",
		examples: [0],
	}),
};

const bookingPage = page(AdminBooking.ref, EXAMPLE_CURSORS.adminBookings);
/** Schema of one page of bookings for staff. */
export const AdminBookingPage = share(
	"AdminBookingPage",
	Type.Object({ ...bookingPage.properties, ...LEDGER_AGE }, { ...CLOSED, description: "One page of bookings" }),
);

const fields = (description: string, example: object) =>
	Type.Unsafe<Readonly<Record<string, unknown>> | null>({
		type: ["object", "null"],
		additionalProperties: true,
		description,
		examples: [example],
	});

const PastEventObject = Type.Object(
	{
		at: instant("When it happened", EXAMPLE_TIMES.confirmed),
		type: text(
			"What happened: `booking.placed`, `.confirmed`, `.cancelled`, `.released`, `.expired` or `.conflict`; `refund.due`, `refund.refunded`; " +
				"`showtime.rescheduled`, `showtime.cancelled`; or an action of the audit trail. New types can be added at any time",
			"booking.confirmed",
		),
		version: Type.Unsafe<number | null>({
			type: ["integer", "null"],
			description: "The version of the booking after it; null if it did not change the booking",
			examples: [2],
		}),
		actor: Type.Unsafe<string | null>({
			type: ["string", "null"],
			format: "uuid",
			description: "The user of staff who did it; null if it was the buyer, the system or an operator",
			examples: [null],
		}),
		reason: nullableText("Why, in the words of the actor; null if there are none", null),
		requestId: nullableText("`x-request-id` of the request; null if it is not known", null),
		before: fields("Changed fields before the change; null if they are not known", { startsAt: EXAMPLE_TIMES.starts }),
		after: fields("The same fields after the change", { startsAt: EXAMPLE_TIMES.ends }),
	},
	{ ...CLOSED, description: "One thing that happened to a booking" },
);

const NoticeObject = Type.Object(
	{
		id: id("Notice id", EXAMPLE_IDS.auditEvent),
		kind: oneOf(NOTICE_KINDS, "What the buyer must learn"),
		version: Type.Unsafe<number | null>({
			type: ["integer", "null"],
			description: "The version that the notice is about: of the schedule, or of the booking",
			examples: [2],
		}),
		details: Type.Unsafe<Readonly<Record<string, unknown>>>({
			type: "object",
			additionalProperties: true,
			description: "What happened, by kind",
			examples: [{ reason: "showtime_cancelled" }],
		}),
		createdAt: instant("When the notice was written", EXAMPLE_TIMES.held),
	},
	{ ...CLOSED, description: "What the buyer must be informed of" },
);

const AdminBookingDetailsObject = Type.Object(
	{
		...AdminBookingObject.properties,
		prices: Type.Array(
			Type.Object({ seat: text("Seat label", EXAMPLE_SEATS[0]), price: Price.ref }, { ...CLOSED, description: "The price of one seat" }),
			{ description: "What each seat costs, in the order of `seats`. The prices add up to `total`" },
		),
		rescheduled: Type.Unsafe<Static<typeof RescheduledObject> | null>({
			anyOf: [RescheduledObject, { type: "null" }],
			description: "That the showtime was moved after the seats were held; null if it was not",
		}),
		notices: Type.Array(NoticeObject, { description: "The notices to the buyer, oldest first" }),
		history: Type.Array(PastEventObject, {
			description: "What happened to the booking, oldest first. Of moves and cancels of its showtime, too",
		}),
	},
	{ ...CLOSED, description: "A booking as staff see it, with its whole history" },
);
/** Schema of a booking with its history. */
export const AdminBookingDetails = share("AdminBookingDetails", AdminBookingDetailsObject);
/** The JSON of a booking with its history. */
export type AdminBookingDetailsBody = Static<typeof AdminBookingDetailsObject>;
