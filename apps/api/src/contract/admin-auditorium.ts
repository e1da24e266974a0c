/** The wire schemas of auditoriums for staff. */
import { CLEANING_MINUTES_DEFAULT, CLEANING_MINUTES_MAX, CLOCK_TIME_PATTERN, TIME_ZONE_CHARS_MAX } from "@holdfast/domain";
import { type Static, Type } from "typebox";
import { nullable, version, visible } from "./admin.ts";
import { labels } from "./admin-showtime.ts";
import { EXAMPLE_CURSORS, EXAMPLE_IDS, EXAMPLE_TIMES } from "./examples.ts";
import { page } from "./page.ts";
import { CLOSED, id, instant, nullableInstant, nullableText, share, text } from "./share.ts";
import { tierPrices } from "./tier-prices.ts";

/** The most characters of the name of an auditorium or a venue. */
export const ROOM_NAME_MAX_CHARS = 200;
/** The most characters of the address of a venue. */
export const ADDRESS_MAX_CHARS = 500;

const FIELDS = {
	name: visible(ROOM_NAME_MAX_CHARS, "Name of the auditorium", "Hall 1"),
	venue: nullable(
		Type.Object(
			{
				name: visible(ROOM_NAME_MAX_CHARS, "Name of the building", "Orpheum"),
				address: Type.Optional(
					nullable(visible(ADDRESS_MAX_CHARS, "Postal address; null if it is not stated", "Ringstrasse 1, 1010 Wien")),
				),
			},
			{ ...CLOSED, description: "The building that the auditorium is in; null if it is not stated. A change replaces the whole venue" },
		),
	),
	timeZone: Type.String({
		maxLength: TIME_ZONE_CHARS_MAX,
		format: "iana-time-zone",
		description: "IANA time zone of the venue, as the IANA database spells it. A new zone is refused while showtimes are to come",
		examples: ["Europe/Vienna"],
	}),
	cleaningMinutes: Type.Integer({
		minimum: 0,
		maximum: CLEANING_MINUTES_MAX,
		description:
			`How long the auditorium stays occupied after the end of a showtime, ${CLEANING_MINUTES_DEFAULT} by default. A new value counts for ` +
			"showtimes that are scheduled or moved later",
		examples: [CLEANING_MINUTES_DEFAULT],
	}),
	dayStartsAt: Type.String({
		maxLength: 5,
		pattern: CLOCK_TIME_PATTERN,
		description:
			"Local time at which a day of the programme begins, `00:00` by default. With `06:00`, a showtime that starts half an hour after " +
			"midnight belongs to the evening before",
		examples: ["06:00"],
	}),
	currency: Type.String({
		maxLength: 3,
		format: "iso-4217",
		description: "ISO 4217 currency of every showtime in the auditorium. A new currency is refused while showtimes are to come",
		examples: ["EUR"],
	}),
};
const PRICES = "Prices for a new showtime that states none: one for every tier of the current plan, and no other. Null: there are none";
const DEFAULTS = {
	defaultPrices: nullable(tierPrices(PRICES)),
	defaultBlocks: labels("Labels of seats of the current plan that a new showtime keeps off sale. Their order has no meaning"),
};

const AuditoriumObject = Type.Object(
	{
		id: id("Auditorium id", EXAMPLE_IDS.auditorium),
		name: text("Name of the auditorium", "Hall 1"),
		venue: nullable(
			Type.Object(
				{ name: text("Name of the building", "Orpheum"), address: nullableText("Postal address; null if it is not stated", null) },
				{ ...CLOSED, description: "The building that the auditorium is in; null if it is not stated" },
			),
		),
		timeZone: text("IANA time zone of the venue", "Europe/Vienna"),
		cleaningMinutes: FIELDS.cleaningMinutes,
		dayStartsAt: FIELDS.dayStartsAt,
		currency: text("ISO 4217 currency of every showtime in the auditorium", "EUR"),
		...DEFAULTS,
		version,
		archivedAt: nullableInstant("When the auditorium was archived; null while it is in use", null),
		createdAt: instant("When the auditorium was added", EXAMPLE_TIMES.registered),
	},
	{ ...CLOSED, description: "An auditorium as staff see it. Its seat plans are resources of their own" },
);
/** Schema of an auditorium. */
export const Auditorium = share("Auditorium", AuditoriumObject);
/** The JSON of an auditorium. */
export type AuditoriumBody = Static<typeof AuditoriumObject>;
/** Schema of one page of auditoriums. */
export const AuditoriumPage = share("AuditoriumPage", page(Auditorium.ref, EXAMPLE_CURSORS.auditoriums));

/** Schema of the request to add an auditorium. */
export const NewAuditorium = share(
	"NewAuditorium",
	Type.Object(
		{
			name: FIELDS.name,
			timeZone: FIELDS.timeZone,
			currency: FIELDS.currency,
			venue: Type.Optional(FIELDS.venue),
			cleaningMinutes: Type.Optional(FIELDS.cleaningMinutes),
			dayStartsAt: Type.Optional(FIELDS.dayStartsAt),
		},
		{ ...CLOSED, description: "An auditorium to add. Set its default prices and blocks once it has a seat plan" },
	),
);

/** Schema of the request to change an auditorium. */
export const AuditoriumChange = share(
	"AuditoriumChange",
	Type.Object(
		{
			...Type.Partial(Type.Object({ ...FIELDS, ...DEFAULTS })).properties,
			archived: Type.Optional(Type.Literal(false, { description: "Brings an archived auditorium back into use" })),
		},
		{ ...CLOSED, minProperties: 1, description: "The fields to change. Absent fields stay as they are; null clears a field" },
	),
);
