/** The wire schemas of showtimes, seat counts and the seat matrix. */
import { SEAT_KINDS, SEAT_STATUSES, SHOWTIME_SALES, SHOWTIME_STATES } from "@holdfast/domain";
import { type Static, Type } from "typebox";
import { EXAMPLE_CURSORS, EXAMPLE_IDS, EXAMPLE_TIMES } from "./examples.ts";
import { Price } from "./money.ts";
import { page } from "./page.ts";
import { ROW_PLACE, SEAT_KIND } from "./seat-plan.ts";
import { CLOSED, id, instant, oneOf, share, text } from "./share.ts";

const count = (description: string, example: number) => Type.Integer({ minimum: 0, description, examples: [example] });
/** The number of seats in each status. */
export const SeatCountsObject = Type.Object(
	{
		total: count("All seats of the showtime", 100),
		available: count("Seats that can be held", 61),
		held: count("Seats in a hold that has not expired", 7),
		sold: count("Seats in confirmed bookings", 30),
		blocked: count("Seats that an administrator has taken off sale. Treat `blocked` and `quarantined` alike: not available", 2),
		quarantined: count("Seats withheld from sale because they may already be sold", 0),
	},
	{ ...CLOSED, description: "Number of seats in each current status" },
);
/** Schema of the seat counts of a showtime. */
export const SeatCounts = share("SeatCounts", SeatCountsObject);

const seatCounts = (description: string) =>
	Type.Unsafe<Static<typeof SeatCountsObject> | null>({ anyOf: [SeatCounts.ref, { type: "null" }], description });

const ShowtimeObject = Type.Object(
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
		startsAt: instant("When the showtime starts", EXAMPLE_TIMES.starts),
		endsAt: instant("When the showtime ends", EXAMPLE_TIMES.ends),
		timeZone: text("IANA time zone of the venue. Display the times of the showtime in this zone", "Europe/Vienna"),
		salesOpenAt: instant("When sales begin: from then on, seats can be held while `state` is `open`", EXAMPLE_TIMES.salesOpen),
		salesCloseAt: instant(
			"When sales end: from then on, no new holds are possible. Holds that exist can still be confirmed",
			EXAMPLE_TIMES.starts,
		),
		state: oneOf(
			SHOWTIME_STATES,
			"`open`: seats are on sale from `salesOpenAt` until `salesCloseAt`. `paused`: no new holds are possible for now; holds that " +
				"exist can still be confirmed. `closed`: no new holds are possible, for good; holds that exist can still be confirmed. " +
				"`cancelled`: the showtime does not take place. The state does not change when the showtime starts or ends: compare " +
				"`startsAt` and `endsAt` as well",
		),
		sales: oneOf(
			SHOWTIME_SALES,
			"Whether seats can be held now, computed from `state`, the sales window and the time. `open`: they can. `not_yet`: sales begin at " +
				"`salesOpenAt`, also if the showtime is `paused` before then. `paused`: sales are interrupted. `ended`: sales are over, because " +
				"the showtime is `closed`, `cancelled` or over, or `salesCloseAt` has passed. To keep it current, compare `salesOpenAt` and " +
				"`salesCloseAt` with the server's clock",
		),
		prices: Type.Array(Type.Object({ tier: text("Tier id", "standard"), price: Price.ref }, CLOSED), {
			description: "The price of a seat in each tier",
		}),
		counts: seatCounts(
			"Number of seats with each status, up to a second old. Null if it is not known at the moment, for example because the " +
				"seats of this showtime are not loaded yet, or because the store of live seats does not answer: show the showtime without " +
				"it. To have the seats loaded and counted, read `GET /api/v1/showtimes/{id}`",
		),
	},
	{ ...CLOSED, description: "A showtime: one movie in one auditorium at one time" },
);
/** Schema of a showtime. */
export const Showtime = share("Showtime", ShowtimeObject);
/** The JSON of a showtime. */
export type ShowtimeBody = Static<typeof ShowtimeObject>;
/** Schema of one page of showtimes. */
export const ShowtimePage = share("ShowtimePage", page(Showtime.ref, EXAMPLE_CURSORS.showtimes));

const ShowtimeDetailsObject = Type.Object(
	{
		...ShowtimeObject.properties,
		counts: seatCounts(
			"Number of seats with each status. Null once the showtime is over or cancelled and its live seats are deleted: `GET " +
				"/api/v1/showtimes/{showtimeId}/seats` is then answered 409",
		),
	},
	{ ...CLOSED, description: "A showtime with its seat counts" },
);
/** Schema of a showtime with its seat counts. */
export const ShowtimeDetails = share("ShowtimeDetails", ShowtimeDetailsObject);

const MatrixSeat = Type.Object(
	{
		label: text("Seat label, as used in requests and bookings", "E5"),
		tier: text("Id of the seat's tier", "standard"),
		kind: oneOf(SEAT_KINDS, SEAT_KIND),
		status: oneOf(SEAT_STATUSES, "Current status of the seat. Treat `blocked` and `quarantined` alike: not available"),
		mine: Type.Optional(
			Type.Boolean({ description: "`true` if the signed-in user holds or has bought the seat; absent otherwise", examples: [true] }),
		),
	},
	CLOSED,
);
const SeatMatrixObject = Type.Object(
	{
		showtimeId: id("Showtime that the seats belong to", EXAMPLE_IDS.showtime),
		version: Type.Integer({ description: "Increases with each change of a seat", examples: [1_000_000_007] }),
		tiers: Type.Array(
			Type.Object(
				{
					id: text("Tier id", "standard"),
					name: text("Name of the tier", "Standard"),
					price: Price.ref,
				},
				CLOSED,
			),
			{
				description: "Price classes of seats with their prices",
			},
		),
		counts: SeatCounts.ref,
		rows: Type.Array(
			Type.Object(
				{
					label: text("Name of the row", "E"),
					...ROW_PLACE,
					seats: Type.Array(
						Type.Unsafe<Static<typeof MatrixSeat> | null>({
							anyOf: [MatrixSeat, { type: "null" }],
							description: "A seat, or null for a gap such as an aisle",
						}),
						{ description: "Seats and gaps from left to right" },
					),
				},
				CLOSED,
			),
			{ description: "Rows from front to back" },
		),
	},
	{ ...CLOSED, description: "Every seat of a showtime with its status, row by row" },
);
/** Schema of the seats of a showtime, row by row. */
export const SeatMatrix = share("SeatMatrix", SeatMatrixObject);
/** The JSON of the seats of a showtime, row by row. */
export type SeatMatrixBody = Static<typeof SeatMatrixObject>;

/** The query parameter `date` of lists of showtimes. */
export const SHOWTIME_DATE = Type.Optional(
	Type.String({
		format: "date",
		description: "Only showtimes that start on this day, in the time zone of the venue (`timeZone` of the showtime)",
		examples: ["2026-11-22"],
	}),
);
