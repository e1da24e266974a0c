/** The wire schemas of showtimes for staff, and of the requests to schedule them. */
import {
	BLOCK_SEATS_MAX,
	EXTRA_MINUTES_MAX,
	IDEMPOTENCY_KEY_PATTERN,
	LOCAL_DATE_PATTERN,
	SCHEDULE_DAYS_MAX,
	SCHEDULE_SHOWTIMES_MAX,
	SCHEDULE_TIME_PATTERN,
	SHOWTIME_STATES,
	WEEKDAYS,
} from "@holdfast/domain";
import { type Static, Type } from "typebox";
import { instantInRequest, reason } from "./admin.ts";
import { EXAMPLE_CURSORS, EXAMPLE_IDS, EXAMPLE_TIMES } from "./examples.ts";
import { Money, Price } from "./money.ts";
import { page } from "./page.ts";
import { CLOSED, id, instant, oneOf, share, text } from "./share.ts";
import { SeatCountsObject } from "./showtime.ts";
import { tierPrices } from "./tier-prices.ts";

/** A longer label is answered 400. */
const LABEL_MAX_CHARS = 32;
/** How long before the start sales may close, at most: a day. */
const CLOSE_MINUTES_BEFORE_MAX = 1_440;

const prices = tierPrices("The price of a seat in each tier of the seat plan, in the currency of the auditorium");
/** A list of seat labels in a request. */
export const labels = (description: string) =>
	Type.Array(Type.String({ minLength: 1, maxLength: LABEL_MAX_CHARS }), {
		maxItems: BLOCK_SEATS_MAX,
		uniqueItems: true,
		description,
		examples: [["A1", "A2"]],
	});
const localStart = (description: string) =>
	Type.String({ pattern: "^[1-9]\\d{3}-\\d{2}-\\d{2}T\\d{2}:\\d{2}$", maxLength: 16, description, examples: ["2027-03-26T20:15"] });
const resourceId = (description: string, example: string) => Type.String({ maxLength: 64, description, examples: [example] });

const ROOM_FIELDS = {
	movieId: resourceId("Id of the movie", EXAMPLE_IDS.movie),
	auditoriumId: resourceId("Id of the auditorium", EXAMPLE_IDS.auditorium),
	planId: Type.Optional(resourceId("Id of a seat plan of the auditorium; its current plan if absent", EXAMPLE_IDS.plan)),
	extraMinutes: Type.Optional(
		Type.Integer({
			minimum: 0,
			maximum: EXTRA_MINUTES_MAX,
			default: 0,
			description: "Trailers and intervals, in minutes, in addition to the running time of the movie",
			examples: [15],
		}),
	),
	prices: Type.Optional(prices),
	blocks: Type.Optional(labels("Labels of the seats to keep off sale; the default blocks of the auditorium if absent")),
	state: Type.Optional(oneOf(["open", "paused"], "`open` (default): on sale from `salesOpenAt` on. `paused`: not before it is opened")),
};

/** Schema of the request to schedule one showtime. */
export const NewShowtime = share(
	"NewShowtime",
	Type.Object(
		{
			...ROOM_FIELDS,
			startsAt: Type.Optional(instantInRequest("When the showtime starts. Give this or `localStart`", EXAMPLE_TIMES.starts)),
			localStart: Type.Optional(
				localStart("When the showtime starts, by the clock of the venue, without seconds. Give this or `startsAt`"),
			),
			salesOpenAt: Type.Optional(instantInRequest("When sales begin; now if absent", EXAMPLE_TIMES.salesOpen)),
			salesCloseAt: Type.Optional(instantInRequest("When sales end; at the start if absent", EXAMPLE_TIMES.starts)),
		},
		{ ...CLOSED, description: "A showtime to schedule" },
	),
);

const date = (description: string, example: string) => Type.String({ pattern: LOCAL_DATE_PATTERN, description, examples: [example] });

/** Schema of the request to schedule many showtimes. */
export const NewSchedule = share(
	"NewSchedule",
	Type.Object(
		{
			...ROOM_FIELDS,
			from: date("First day, at the venue", "2027-03-26"),
			until: date(`Last day, at most ${SCHEDULE_DAYS_MAX} days with the first`, "2027-04-01"),
			weekdays: Type.Array(oneOf(WEEKDAYS), {
				minItems: 1,
				maxItems: 7,
				uniqueItems: true,
				description: "Days of the week to plan",
				examples: [["fri", "sat"]],
			}),
			times: Type.Array(Type.String({ pattern: SCHEDULE_TIME_PATTERN, maxLength: 5 }), {
				minItems: 1,
				maxItems: SCHEDULE_SHOWTIMES_MAX,
				uniqueItems: true,
				description:
					"Starts on each day, `HH:MM` by the clock of the venue, up to `29:59`: `24:30` on a Friday is half past midnight, sold as Friday's",
				examples: [["17:00", "20:15"]],
			}),
			except: Type.Optional(
				Type.Array(date("A day without showtimes", "2027-03-28"), {
					maxItems: SCHEDULE_DAYS_MAX,
					uniqueItems: true,
					description: "Days of the period on which nothing is planned",
					examples: [["2027-03-28"]],
				}),
			),
			window: Type.Optional(
				Type.Object(
					{
						salesOpenAt: Type.Optional(instantInRequest("When sales begin; now if absent", EXAMPLE_TIMES.salesOpen)),
						closeMinutesBefore: Type.Optional(
							Type.Integer({
								minimum: 0,
								maximum: CLOSE_MINUTES_BEFORE_MAX,
								default: 0,
								description: "How many minutes before each start sales end",
								examples: [10],
							}),
						),
					},
					{ ...CLOSED, description: "The sales window of each showtime" },
				),
			),
			onClash: oneOf(
				["fail", "skip"],
				"`fail`: schedule all showtimes or none. `skip`: leave out those that clash, that start in the past, or whose time a clock change skips",
			),
			dryRun: Type.Optional(Type.Boolean({ default: false, description: "`true`: only say what would be scheduled", examples: [true] })),
		},
		{ ...CLOSED, description: "The showtimes to schedule: these times, on these days" },
	),
);

/** Request headers of scheduling in bulk. */
export const BULK_HEADERS = Type.Object({
	"idempotency-key": Type.Optional(
		Type.String({
			pattern: IDEMPOTENCY_KEY_PATTERN,
			description:
				"A repeat with the same key and body within a day schedules nothing and is answered like the first request, with " +
				"`Idempotency-Replayed: true`. 1 to 64 letters, digits, `-` and `_`",
			examples: ["5b0fb1ab-1f0c-4c55-a8f5-9c1d6a7c2c11"],
		}),
	),
});

const nullableId = (description: string) =>
	Type.Unsafe<string | null>({ type: ["string", "null"], format: "uuid", description, examples: [EXAMPLE_IDS.showtime] });

/** A showtime that is in the way of another. */
export const ClashingShowtime = share(
	"ClashingShowtime",
	Type.Object(
		{
			id: nullableId("Id of the showtime in the way; null if it is another start of the same request"),
			title: text("Title of its movie", "The Third Man"),
			startsAt: instant("When it starts", EXAMPLE_TIMES.starts),
			occupiedUntil: instant("Until when it occupies the auditorium, cleaning included", EXAMPLE_TIMES.free),
		},
		{ ...CLOSED, description: "A showtime that is in the way" },
	),
);

const PlannedShowtimeObject = Type.Object(
	{
		date: text("The day that the showtime is sold as", "2027-03-26"),
		time: text("The time of the request", "20:15"),
		outcome: oneOf(
			["scheduled", "free", "showtime_clash", "showtime_in_past", "time_skipped", "invalid_window"],
			"`scheduled`: done. `free`: can be scheduled, but was not. `showtime_clash`: another showtime is in the way. `showtime_in_past`: the " +
				"start has passed. `time_skipped`: a clock change skips this time. `invalid_window`: sales would end before they begin",
		),
		startsAt: Type.Unsafe<string | null>({
			type: ["string", "null"],
			format: "date-time",
			description: "When the showtime starts; null if a clock change skips the time",
			examples: [EXAMPLE_TIMES.starts],
		}),
		showtimeId: nullableId("Id of the new showtime; null if none was scheduled"),
		clash: Type.Optional(ClashingShowtime.ref),
		nextFreeStart: Type.Optional(instant("With `showtime_clash`: the next start at which the auditorium is free", EXAMPLE_TIMES.free)),
	},
	{ ...CLOSED, description: "What became of one start of a schedule" },
);
/** Schema of one start of a schedule. */
export const PlannedShowtime = share("PlannedShowtime", PlannedShowtimeObject);
/** The JSON of one start of a schedule. */
export type PlannedShowtimeBody = Static<typeof PlannedShowtimeObject>;

const ScheduleObject = Type.Object(
	{
		batchId: Type.Unsafe<string | null>({
			type: ["string", "null"],
			format: "uuid",
			description: "Id of the command in the audit trail; null after a dry run, and if nothing was scheduled",
			examples: [EXAMPLE_IDS.request],
		}),
		scheduled: Type.Integer({ minimum: 0, description: "How many showtimes were scheduled", examples: [14] }),
		starts: Type.Array(PlannedShowtime.ref, { description: "What became of each start, by time" }),
	},
	{ ...CLOSED, description: "The result of scheduling in bulk" },
);
/** Schema of the result of scheduling in bulk. */
export const Schedule = share("Schedule", ScheduleObject);
/** The JSON of the result of scheduling in bulk. */
export type ScheduleBody = Static<typeof ScheduleObject>;

/** The fields of a showtime for staff. */
export const AdminShowtimeObject = Type.Object(
	{
		id: id("Showtime id", EXAMPLE_IDS.showtime),
		movie: Type.Object(
			{ id: id("Movie id", EXAMPLE_IDS.movie), title: text("Title of the movie", "The Third Man") },
			{ ...CLOSED, description: "The movie that is shown" },
		),
		auditorium: Type.Object(
			{ id: id("Auditorium id", EXAMPLE_IDS.auditorium), name: text("Name of the auditorium", "Hall 1") },
			{ ...CLOSED, description: "The auditorium in which it is shown" },
		),
		planId: id("Seat plan id", EXAMPLE_IDS.plan),
		startsAt: instant("When the showtime starts", EXAMPLE_TIMES.starts),
		endsAt: instant("When the showtime ends", EXAMPLE_TIMES.ends),
		occupiedUntil: instant("When the auditorium is free again, after cleaning", EXAMPLE_TIMES.free),
		timeZone: text("IANA time zone of the venue", "Europe/Vienna"),
		localStart: text("The start by the clock of the venue", "2026-11-22T20:15"),
		day: text("The day of the programme: a start before the auditorium's `dayStartsAt` counts to the day before", "2026-11-22"),
		salesOpenAt: instant("When sales begin", EXAMPLE_TIMES.salesOpen),
		salesCloseAt: instant("When sales end", EXAMPLE_TIMES.starts),
		state: oneOf(SHOWTIME_STATES, "What staff have set: `open`, `paused`, `closed` or `cancelled`"),
		prices: Type.Array(Type.Object({ tier: text("Tier id", "standard"), price: Price.ref }, CLOSED), {
			description: "The price of each tier",
		}),
		blockedSeats: Type.Integer({ minimum: 0, description: "How many seats staff keep off sale", examples: [2] }),
		version: text("The version of the terms and the version of the schedule. Also the `ETag`", "1.1"),
		createdAt: instant("When the showtime was scheduled", EXAMPLE_TIMES.registered),
	},
	{ ...CLOSED, description: "A showtime as staff see it" },
);
/** Schema of a showtime for staff. */
export const AdminShowtime = share("AdminShowtime", AdminShowtimeObject);
/** The JSON of a showtime for staff. */
export type AdminShowtimeBody = Static<typeof AdminShowtimeObject>;
/** Schema of one page of showtimes for staff. */
export const AdminShowtimePage = share("AdminShowtimePage", page(AdminShowtime.ref, EXAMPLE_CURSORS.showtimes));

const count = (description: string, example: number) => Type.Integer({ minimum: 0, description, examples: [example] });

const LiveObject = Type.Object(
	{
		holds: count("Live holds", 2),
		heldSeats: count("Their seats", 5),
		bookings: count("Sold bookings", 15),
		soldSeats: count("Their seats", 30),
		quarantinedSeats: count("Seats withheld from sale because they may already be sold", 0),
	},
	CLOSED,
);

const AdminShowtimeDetailsObject = Type.Object(
	{
		...AdminShowtimeObject.properties,
		recorded: Type.Boolean({
			description:
				"Whether the ledger has these terms and this schedule too; usually within a few tenths of a second. The bookings of a cancelled " +
				"showtime are cancelled, and its buyers informed, once it does",
			examples: [true],
		}),
		blocks: Type.Array(Type.String(), { description: "Labels of the seats that staff keep off sale", examples: [["A1", "A2"]] }),
		tiers: Type.Array(Type.Object({ tier: text("Tier id", "standard"), ...SeatCountsObject.properties }, CLOSED), {
			description: "The seats of each tier by status",
		}),
		live: Type.Unsafe<Static<typeof LiveObject> | null>({
			anyOf: [LiveObject, { type: "null" }],
			description: "What customers have now. Null while the seats are not in the store of live seats, or it cannot be reached",
		}),
		ledger: Type.Object(
			{ bookings: count("Confirmed bookings", 15), amount: Money.ref },
			{ ...CLOSED, description: "What the ledger has sold. A sale of the last tenths of a second may be missing" },
		),
	},
	{ ...CLOSED, description: "A showtime as staff see it, with its seats and sales" },
);
/** Schema of a showtime with its seats and sales. */
export const AdminShowtimeDetails = share("AdminShowtimeDetails", AdminShowtimeDetailsObject);
/** The JSON of a showtime with its seats and sales. */
export type AdminShowtimeDetailsBody = Static<typeof AdminShowtimeDetailsObject>;

/** Schema of the request to change the terms of a showtime. */
export const ShowtimeChange = share(
	"ShowtimeChange",
	Type.Object(
		{
			state: Type.Optional(
				oneOf(
					["open", "paused", "closed"],
					"`open`: on sale. `paused`: no new holds for now. `closed`: no new holds. Holds that exist can be confirmed in each state",
				),
			),
			prices: Type.Optional(prices),
			salesOpenAt: Type.Optional(instantInRequest("When sales begin", EXAMPLE_TIMES.salesOpen)),
			salesCloseAt: Type.Optional(instantInRequest("When sales end", EXAMPLE_TIMES.starts)),
			startsAt: Type.Optional(instantInRequest("Moves the showtime to this start. Needs a `reason`", EXAMPLE_TIMES.starts)),
			localStart: Type.Optional(localStart("Moves the showtime to this start by the clock of the venue. Needs a `reason`")),
			extraMinutes: Type.Optional(
				Type.Integer({
					minimum: 0,
					maximum: EXTRA_MINUTES_MAX,
					description: "With a move: trailers and intervals in minutes, beside the running time of the movie. Absent: the length stays",
					examples: [15],
				}),
			),
			reason: Type.Optional(reason),
		},
		{ ...CLOSED, minProperties: 1, description: "The terms to change, or a new start. Absent fields stay as they are" },
	),
);

const labelsToChange = (description: string) => Type.Optional({ ...labels(description), minItems: 1 });

/** Schema of the request to block or unblock seats. */
export const BlockChange = share(
	"BlockChange",
	Type.Object(
		{
			block: labelsToChange("Labels of the seats to take off sale. Give this or `unblock`"),
			unblock: labelsToChange("Labels of the seats to put back on sale. Give this or `block`"),
			reason: Type.Optional(reason),
		},
		{ ...CLOSED, description: "The seats to block or to unblock" },
	),
);
