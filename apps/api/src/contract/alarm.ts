/** The wire schemas of alarms, and of what staff do about them. */
import { LOSS_ALARM_DAYS } from "@holdfast/database";
import { ALARM_GUIDES, ALARM_ITEMS_MAX, ALARM_STATUSES } from "@holdfast/rebuild";
import { type Static, type TSchema, Type } from "typebox";
import { reason } from "./admin.ts";
import { EXAMPLE_IDS, EXAMPLE_TIMES } from "./examples.ts";
import { Money } from "./money.ts";
import { CLOSED, id, instant, nullableInstant, nullableText, oneOf, share, text } from "./share.ts";

const count = (description: string, example: number) => Type.Integer({ minimum: 0, description, examples: [example] });
const nullableCount = (description: string, example: number) =>
	Type.Unsafe<number | null>({ type: ["integer", "null"], minimum: 0, description, examples: [example] });
const bucket = count("Bucket of the seat store", 5);

const DeadLetterObject = Type.Object(
	{
		id: id("Id of the dead letter", EXAMPLE_IDS.deadLetter),
		bucket,
		entryId: text("Id that the entry had in the outbox", "1795369351904-0"),
		errorCode: text("Why it could not be settled: a fixed word, or the SQLSTATE of PostgreSQL", "23503"),
		errorMessage: text("The same in words", "the fields do not form a valid event"),
		entry: Type.Unsafe<Readonly<Record<string, string>>>({
			type: "object",
			additionalProperties: { type: "string" },
			description: "The fields of the entry",
			examples: [{ type: "booking.confirmed", bookingId: EXAMPLE_IDS.booking }],
		}),
		createdAt: instant("When it was found", EXAMPLE_TIMES.confirmed),
		resolvedAt: nullableInstant("When it was replayed or discarded; null while it was not", null),
	},
	{ ...CLOSED, description: "An entry of an outbox that could not be settled" },
);
/** Schema of a dead letter. */
export const DeadLetter = share("DeadLetter", DeadLetterObject);
/** The JSON of a dead letter. */
export type DeadLetterBody = Static<typeof DeadLetterObject>;
/** Schema of the request to resolve a dead letter. */
export const DeadLetterResolution = share(
	"DeadLetterResolution",
	Type.Object(
		{ action: oneOf(["replay", "discard"], "`replay`: put the entry back into its outbox. `discard`: do not"), reason },
		{ ...CLOSED, description: "What becomes of a dead letter, and why" },
	),
);

const Loss = Type.Object(
	{
		bucket,
		timeline: count("Timeline that began with the loss", 2),
		lastSeq: count("Number of the last event of the timeline before that the ledger has; 0 if it has none", 4711),
		lastRecordedAt: nullableInstant("When that event was settled; null if there is none", EXAMPLE_TIMES.confirmed),
		foundAt: instant("When the loss was proven", EXAMPLE_TIMES.starts),
	},
	{ ...CLOSED, description: "A proven loss of events. How many were lost cannot be known" },
);
const QuarantinedShowtime = Type.Object(
	{
		showtimeId: id("Showtime whose free seats are withheld", EXAMPLE_IDS.showtime),
		bucket,
		timeline: count("Timeline under which the showtime was opened; that of its bucket is higher", 1),
		endsAt: instant("When the showtime ends", EXAMPLE_TIMES.ends),
	},
	{ ...CLOSED, description: "A showtime in quarantine" },
);
const BucketOutbox = Type.Object(
	{
		bucket,
		entries: nullableCount("Entries that wait; null: the server of the bucket did not answer", 3),
		oldestMs: nullableCount(
			"Age of the oldest of them in milliseconds, 0 if there is none; null: the server of the bucket did not answer",
			120,
		),
	},
	{ ...CLOSED, description: "The outbox of one bucket" },
);
const UnfinishedAction = Type.Object(
	{
		id: id("Id of the action", EXAMPLE_IDS.auditEvent),
		kind: oneOf(["reschedule", "cancel", "archive"], "What staff started"),
		showtimeId: id("Showtime that is moved, cancelled or archived with its movie", EXAMPLE_IDS.showtime),
		movieId: Type.Unsafe<string | null>({
			type: ["string", "null"],
			format: "uuid",
			description: "Movie that is archived; null for the other kinds",
			examples: [EXAMPLE_IDS.movie],
		}),
		actor: id("User who gave the command", EXAMPLE_IDS.user),
		reason: nullableText("Why, in the words of the actor; null if no reason was given", "Power cut"),
		startedAt: instant("When it was started", EXAMPLE_TIMES.held),
		tries: count("Attempts so far", 4),
		nextTryAt: instant("When the sweeper tries next", EXAMPLE_TIMES.confirmed),
	},
	{ ...CLOSED, description: "A change that one store has and the other still lacks" },
);
const Conflict = Type.Object(
	{
		bookingId: id("Booking that lost its seats", EXAMPLE_IDS.booking),
		showtimeId: id("Its showtime", EXAMPLE_IDS.showtime),
		userId: id("Its buyer", EXAMPLE_IDS.user),
		amount: Money.ref,
		isCorrected: Type.Boolean({ description: "Whether the seat store shows the real owners of the seats", examples: [true] }),
		foundAt: instant("When the conflict was found", EXAMPLE_TIMES.confirmed),
	},
	{ ...CLOSED, description: "A booking whose seats the ledger has given to another one" },
);

const alarm = <Item extends TSchema>(item: Item, guide: string, description: string) =>
	Type.Object(
		{
			status: oneOf(ALARM_STATUSES, "`raised`: there is something to do. `clear`: there is not. `unknown`: a store did not answer"),
			guide: text("What to do about it: a path in the repository, and a heading in that page", guide),
			count: nullableCount("How many there are; null: unknown", 1),
			items: Type.Array(item, { maxItems: ALARM_ITEMS_MAX, description: "The most urgent of them" }),
		},
		{ ...CLOSED, description },
	);

const AlarmReportObject = Type.Object(
	{
		alarms: Type.Object(
			{
				deadLetters: alarm(DeadLetter.ref, ALARM_GUIDES.deadLetters, "Entries of outboxes that could not be settled and are not resolved"),
				losses: alarm(Loss, ALARM_GUIDES.losses, `Losses of events that were proven within ${LOSS_ALARM_DAYS} days`),
				quarantined: alarm(QuarantinedShowtime, ALARM_GUIDES.quarantined, "Showtimes whose free seats are withheld after a loss"),
				outbox: alarm(
					BucketOutbox,
					ALARM_GUIDES.outbox,
					"Events that the ledger does not have yet; `count` is their number. Raised when one is too old or there are too many. `items` has " +
						"every bucket",
				),
				unfinishedActions: alarm(UnfinishedAction, ALARM_GUIDES.unfinishedActions, "Changes by staff that take longer than they should"),
				conflicts: alarm(Conflict, ALARM_GUIDES.conflicts, "Bookings that lost their seats, and whose buyers still wait for something"),
			},
			{ ...CLOSED, description: "The alarms by name" },
		),
		unread: Type.Array(oneOf(["postgres", "redis"]), {
			maxItems: 2,
			description: "The stores that did not answer: the alarms that are read from them are `unknown`",
		}),
		asOf: instant("When the alarms were read", EXAMPLE_TIMES.starts),
	},
	{ ...CLOSED, description: "Everything that needs an operator or the staff" },
);
/** Schema of all alarms. */
export const AlarmReport = share("AlarmReport", AlarmReportObject);
/** The JSON of all alarms. */
export type AlarmReportBody = Static<typeof AlarmReportObject>;

const OpenedSeatsObject = Type.Object(
	{
		showtimeId: id("The showtime", EXAMPLE_IDS.showtime),
		openedSeats: count("How many seats this request put on sale; 0 if the showtime is not in quarantine", 98),
	},
	{ ...CLOSED, description: "The end of a quarantine" },
);
/** Schema of the end of a quarantine. */
export const OpenedSeats = share("OpenedSeats", OpenedSeatsObject);
