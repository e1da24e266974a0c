/** The wire schema of movies. */
import { MOVIE_STATUSES } from "@holdfast/database";
import { type Static, Type } from "typebox";
import { EXAMPLE_CURSORS, EXAMPLE_IDS, EXAMPLE_TIMES } from "./examples.ts";
import { page } from "./page.ts";
import { CLOSED, id, nullableText, oneOf, share, text } from "./share.ts";

/** The fields of a movie. */
export const MovieObject = Type.Object(
	{
		id: id("Movie id", EXAMPLE_IDS.movie),
		title: text("Title of the movie", "The Third Man"),
		description: text("Synopsis in a few sentences", "A writer of westerns looks for a dead friend in occupied Vienna."),
		durationMinutes: Type.Integer({ minimum: 1, description: "Running time in minutes", examples: [104] }),
		genre: text("Genre in one or two words", "Thriller"),
		rating: nullableText("Age rating, in the notation of the rating board; null if the movie was never rated", "PG"),
		posterUrl: nullableText("URL of the poster; null if the movie has no poster", null),
		releaseDate: Type.Unsafe<string | null>({
			type: ["string", "null"],
			format: "date",
			description: "Date of the first release; null if unknown",
			examples: [EXAMPLE_TIMES.released],
		}),
		status: oneOf(
			MOVIE_STATUSES,
			"Whether the movie is showing now, coming soon, or has ended. Set by the cinema, not derived from the showtimes",
		),
	},
	{ ...CLOSED, description: "A movie of the catalogue" },
);
/** Schema of a movie. */
export const Movie = share("Movie", MovieObject);
/** The JSON of a movie. */
export type MovieBody = Static<typeof MovieObject>;
/** Schema of one page of movies. */
export const MoviePage = share("MoviePage", page(Movie.ref, EXAMPLE_CURSORS.movies));
