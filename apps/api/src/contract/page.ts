/** The wire schemas of lists, with keyset pagination: rows that are added between two pages neither repeat nor skip other rows. */
import { type TSchema, Type } from "typebox";
import { CLOSED, nullableText } from "./share.ts";

const PAGE_LIMIT_MAX = 100;
/** Items on a page if the request has no `limit`. */
export const PAGE_LIMIT_DEFAULT = 20;

/** Returns the schema of one page of `item`s. `cursor` is an example of the cursors of this list. */
export const page = <T extends TSchema>(item: T, cursor: string) =>
	Type.Object(
		{
			items: Type.Array(item, { description: "At most `limit` items, possibly none. An entry that cannot be read is left out" }),
			nextCursor: nullableText("Send it as `cursor` to get the next page; null on the last page. Opaque: do not build or parse it", cursor),
		},
		{ ...CLOSED, description: "One page of a list" },
	);

/** The query parameters that every list accepts. */
export const PAGE_QUERY = {
	limit: Type.Optional(
		Type.Integer({ minimum: 1, maximum: PAGE_LIMIT_MAX, default: PAGE_LIMIT_DEFAULT, description: "Maximum number of items on a page" }),
	),
	cursor: Type.Optional(
		Type.String({
			minLength: 1,
			maxLength: 2_000,
			description: "`nextCursor` of the previous page, from the same list and filters. Leave it out to get the first page",
		}),
	),
};

/** Path parameters of routes to one resource. They accept any text: an id that cannot exist is answered 404, not 400. */
const byId = (description: string) => Type.Object({ id: Type.String({ description }) });
/** The id of a movie. */
export const BY_ID_OF_MOVIE = byId("Id of the movie");
/** The id of an auditorium. */
export const BY_ID_OF_AUDITORIUM = byId("Id of the auditorium");
/** The id of a showtime. */
export const BY_ID_OF_SHOWTIME = byId("Id of the showtime");
/** The id of a seat plan. */
export const BY_ID_OF_PLAN = byId("Id of the seat plan: `planId` of the answer with `view=status`");
/** The id of a seat plan, for staff. */
export const BY_ID_OF_ANY_PLAN = byId("Id of the seat plan");
/** The id of a user. */
export const BY_ID_OF_USER = byId("Id of the user");
/** The id of a booking. */
export const BY_ID_OF_BOOKING = byId("Id of the booking");
/** The id of a booking, for routes to what belongs to it. */
export const BY_BOOKING_ID = Type.Object({ bookingId: Type.String({ description: "Id of the booking" }) });
/** The id of a dead letter. */
export const BY_ID_OF_DEAD_LETTER = byId("Id of the dead letter");
/** The id of a showtime, for routes to parts of a showtime. */
export const BY_SHOWTIME_ID = Type.Object({ showtimeId: Type.String({ description: "Id of the showtime" }) });
/** The id of a movie, for routes to parts of a movie. */
export const BY_MOVIE_ID = Type.Object({ movieId: Type.String({ description: "Id of the movie" }) });

/** The request header of a conditional read: an unchanged answer is 304 without a body. */
export const IF_NONE_MATCH = Type.Object({
	"if-none-match": Type.Optional(
		Type.String({ description: "The `ETag` of an earlier answer: if nothing has changed since, the answer is 304 without a body" }),
	),
});

/** The `errors` of the 400 for a `cursor` that the list did not issue. */
export const BAD_CURSOR = { errors: [{ pointer: "/query/cursor", message: "is not a valid cursor for this list" }] };
