/** A showtime and its seats on the wire. */
import { SEAT_KINDS, SEAT_STATUSES, SHOWTIME_STATES } from "@holdfast/domain";
import { type Static, Type } from "typebox";
import { EXAMPLE_IDS, EXAMPLE_TIMES } from "./examples.ts";
import { Price } from "./money.ts";
import { page } from "./page.ts";
import { CLOSED, id, instant, oneOf, share, text } from "./share.ts";

const ShowtimeObject = Type.Object(
	{
		id: id("Its id", EXAMPLE_IDS.showtime),
		movie: Type.Object(
			{ id: id("Its id", EXAMPLE_IDS.movie), title: text("Its title", "The Third Man") },
			{ ...CLOSED, description: "What is shown" },
		),
		auditorium: Type.Object(
			{ id: id("Its id", EXAMPLE_IDS.auditorium), name: text("Its name", "Hall 1") },
			{ ...CLOSED, description: "Where" },
		),
		startsAt: instant("When it starts", EXAMPLE_TIMES.starts),
		endsAt: instant("When it ends", EXAMPLE_TIMES.ends),
		timeZone: text("IANA zone of the venue: show times in this one", "Europe/Vienna"),
		salesOpenAt: instant("From when on seats are sold", EXAMPLE_TIMES.salesOpen),
		salesCloseAt: instant("From when on they are not any more", EXAMPLE_TIMES.starts),
		state: oneOf(
			SHOWTIME_STATES,
			"Seats are sold while it is `open`, between `salesOpenAt` and `salesCloseAt`; not for now when `paused`, nor ever again when `closed` or `cancelled`",
		),
		prices: Type.Array(Type.Object({ tier: text("Id of a price class of seats", "standard"), price: Price.ref }, CLOSED), {
			description: "What a seat of each tier costs",
		}),
	},
	{ ...CLOSED, description: "One movie, in one auditorium, at one instant" },
);
export const Showtime = share("Showtime", ShowtimeObject);
export type ShowtimeBody = Static<typeof ShowtimeObject>;
export const ShowtimePage = share("ShowtimePage", page(Showtime.ref));

const count = (description: string, example: number) => Type.Integer({ minimum: 0, description, examples: [example] });
const SeatCountsObject = Type.Object(
	{
		total: count("All there are", 100),
		available: count("Free to be held", 61),
		held: count("Held by somebody, for now", 7),
		sold: count("Sold", 30),
		blocked: count("Kept off sale", 2),
		quarantined: count("Kept back after a loss, because they may have been sold", 0),
	},
	{ ...CLOSED, description: "Seats by status, now" },
);
export const SeatCounts = share("SeatCounts", SeatCountsObject);

const ShowtimeDetailsObject = Type.Object(
	{
		...ShowtimeObject.properties,
		counts: Type.Unsafe<Static<typeof SeatCountsObject> | null>({
			anyOf: [SeatCounts.ref, { type: "null" }],
			description: "Seats by status, now; null once the showtime is over or cancelled and has no live seats any more",
		}),
	},
	{ ...CLOSED, description: "A showtime, and how many of its seats are left" },
);
export const ShowtimeDetails = share("ShowtimeDetails", ShowtimeDetailsObject);

const MatrixSeat = Type.Object(
	{
		label: text("As a booking names it", "E5"),
		tier: text("Id of a tier", "standard"),
		kind: oneOf(SEAT_KINDS, "What sort of place it is"),
		status: oneOf(SEAT_STATUSES, "`held` never says by whom"),
		mine: Type.Optional(Type.Boolean({ description: "Held or bought by the signed-in user; left out otherwise", examples: [true] })),
	},
	CLOSED,
);
const SeatMatrixObject = Type.Object(
	{
		showtimeId: id("Whose seats these are", EXAMPLE_IDS.showtime),
		version: Type.Integer({ description: "Rises with each change of a seat", examples: [1_000_000_007] }),
		tiers: Type.Array(Type.Object({ id: text("Its id", "standard"), name: text("Its name", "Standard"), price: Price.ref }, CLOSED), {
			description: "Price classes, and what a seat of each costs",
		}),
		counts: SeatCounts.ref,
		rows: Type.Array(
			Type.Object(
				{
					label: text("Its name", "E"),
					seats: Type.Array(
						Type.Unsafe<Static<typeof MatrixSeat> | null>({ anyOf: [MatrixSeat, { type: "null" }], description: "null: a gap, an aisle" }),
						{ description: "Left to right" },
					),
				},
				CLOSED,
			),
			{ description: "Front to back" },
		),
	},
	{ ...CLOSED, description: "Every seat of a showtime, row by row" },
);
export const SeatMatrix = share("SeatMatrix", SeatMatrixObject);
export type SeatMatrixBody = Static<typeof SeatMatrixObject>;

export const SHOWTIME_DATE = Type.Optional(Type.String({ format: "date", description: "A day at the venue", examples: ["2026-11-22"] }));
