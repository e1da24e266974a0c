/** Lists on the wire: keyset-paged, so that rows added meanwhile neither repeat nor skip any other. */
import { type TSchema, Type } from "typebox";
import { EXAMPLE_IDS } from "./examples.ts";
import { CLOSED, nullableText } from "./share.ts";

const PAGE_LIMIT_MAX = 100;
export const PAGE_LIMIT_DEFAULT = 20;

export const page = <T extends TSchema>(item: T) =>
	Type.Object(
		{
			items: Type.Array(item, { description: "At most `limit` of them" }),
			nextCursor: nullableText("Give it as `cursor` for the next page; null on the last one", EXAMPLE_IDS.booking),
		},
		{ ...CLOSED, description: "A page of a list" },
	);

/** The two parameters of every list. */
export const PAGE_QUERY = {
	limit: Type.Optional(
		Type.Integer({ minimum: 1, maximum: PAGE_LIMIT_MAX, default: PAGE_LIMIT_DEFAULT, description: "Items on a page, at most" }),
	),
	cursor: Type.Optional(
		Type.String({ minLength: 1, maxLength: 2_000, description: "`nextCursor` of the page before; first page without" }),
	),
};

/** The parameter of every route to one thing, or to what belongs to it. An id that cannot exist is 404, so any text is taken. */
const ID = Type.String({ description: "Its id, a UUID" });
export const BY_ID = Type.Object({ id: ID });
export const BY_SHOWTIME_ID = Type.Object({ showtimeId: ID });
export const BY_MOVIE_ID = Type.Object({ movieId: ID });

/** The header by which a reader says what it has already. */
export const IF_NONE_MATCH = Type.Object({ "if-none-match": Type.Optional(Type.String({ description: "An `ETag` seen before" })) });

/** What a route says to a `cursor` that it never gave out. */
export const BAD_CURSOR = { errors: [{ pointer: "/query/cursor", message: "is no cursor of this list" }] };
