/** A movie on the wire. */
import { MOVIE_STATUSES } from "@holdfast/database";
import { type Static, Type } from "typebox";
import { EXAMPLE_IDS, EXAMPLE_TIMES } from "./examples.ts";
import { page } from "./page.ts";
import { CLOSED, id, nullableText, oneOf, share, text } from "./share.ts";

const MovieObject = Type.Object(
	{
		id: id("Its id", EXAMPLE_IDS.movie),
		title: text("As it is billed", "The Third Man"),
		description: text("A few sentences", "A writer of westerns looks for a dead friend in occupied Vienna."),
		durationMinutes: Type.Integer({ minimum: 1, description: "How long it runs", examples: [104] }),
		genre: text("One word or two", "Thriller"),
		rating: nullableText("Age rating as its board words it; null when never rated", "PG"),
		posterUrl: nullableText("Where the poster is; null when there is none", null),
		releaseDate: Type.Unsafe<string | null>({
			type: ["string", "null"],
			format: "date",
			description: "First release",
			examples: [EXAMPLE_TIMES.released],
		}),
		status: oneOf(MOVIE_STATUSES, "Whether it is on"),
	},
	{ ...CLOSED, description: "A film that is shown" },
);
export const Movie = share("Movie", MovieObject);
export type MovieBody = Static<typeof MovieObject>;
export const MoviePage = share("MoviePage", page(Movie.ref));
