/** A movie on the wire. */
import { MOVIE_STATUSES } from "@holdfast/database";
import { type Static, Type } from "typebox";
import { page } from "./page.ts";
import { CLOSED, nullableText, oneOf, share } from "./share.ts";

const MovieObject = Type.Object(
	{
		id: Type.String(),
		title: Type.String(),
		description: Type.String(),
		durationMinutes: Type.Integer({ minimum: 1 }),
		genre: Type.String(),
		rating: nullableText("Age rating as its board words it; null when never rated"),
		posterUrl: nullableText("Where the poster is; null when there is none"),
		releaseDate: Type.Unsafe<string | null>({ type: ["string", "null"], format: "date", description: "First release" }),
		status: oneOf(MOVIE_STATUSES),
	},
	CLOSED,
);
export const Movie = share("Movie", MovieObject);
export type MovieBody = Static<typeof MovieObject>;
export const MoviePage = share("MoviePage", page(Movie.ref));
