/** The wire schemas of movies for staff. */
import { MOVIE_STATUSES, TITLE_MAX_CHARS } from "@holdfast/database";
import { type Static, Type } from "typebox";
import { nullable, version, visible } from "./admin.ts";
import { EXAMPLE_CURSORS, EXAMPLE_TIMES } from "./examples.ts";
import { MovieObject } from "./movie.ts";
import { page } from "./page.ts";
import { CLOSED, instant, nullableInstant, oneOf, share } from "./share.ts";

/** The longest running time of a movie: a day. */
export const DURATION_MINUTES_MAX = 1_440;
/** The most characters of a synopsis. */
export const DESCRIPTION_MAX_CHARS = 5_000;
/** The most characters of a genre or a rating. */
const SHORT_TEXT_MAX_CHARS = 100;
/** The most characters of the URL of a poster. */
export const POSTER_URL_MAX_CHARS = 2_000;

const AdminMovieObject = Type.Object(
	{
		...MovieObject.properties,
		version,
		archivedAt: nullableInstant("When the movie was archived; null while it is in the catalogue", null),
		createdAt: instant("When the movie was added", EXAMPLE_TIMES.registered),
	},
	{ ...CLOSED, description: "A movie as staff see it" },
);
/** Schema of a movie for staff. */
export const AdminMovie = share("AdminMovie", AdminMovieObject);
/** The JSON of a movie for staff. */
export type AdminMovieBody = Static<typeof AdminMovieObject>;
/** Schema of one page of movies for staff. */
export const AdminMoviePage = share("AdminMoviePage", page(AdminMovie.ref, EXAMPLE_CURSORS.movies));

const NO_NUL = "^[^\\u0000]*$";

const FIELDS = {
	title: visible(TITLE_MAX_CHARS, "Title of the movie", "The Third Man"),
	description: Type.String({
		maxLength: DESCRIPTION_MAX_CHARS,
		pattern: NO_NUL,
		description: "Synopsis in a few sentences",
		examples: ["A writer of westerns looks for a dead friend in occupied Vienna."],
	}),
	durationMinutes: Type.Integer({
		minimum: 1,
		maximum: DURATION_MINUTES_MAX,
		description: "Running time in minutes. A new value counts for showtimes that are scheduled later",
		examples: [104],
	}),
	genre: visible(SHORT_TEXT_MAX_CHARS, "Genre in one or two words", "Thriller"),
	rating: nullable(visible(SHORT_TEXT_MAX_CHARS, "Age rating, in the notation of the rating board; null if there is none", "PG")),
	posterUrl: nullable(
		Type.String({
			maxLength: POSTER_URL_MAX_CHARS,
			pattern: "^https://[!-~]+$",
			description: "URL of the poster, with https; null if there is none",
			examples: ["https://example.com/third-man.jpg"],
		}),
	),
	releaseDate: Type.Unsafe<string | null>({
		type: ["string", "null"],
		format: "date",
		description: "Date of the first release; null if unknown",
		examples: [EXAMPLE_TIMES.released],
	}),
	status: oneOf(MOVIE_STATUSES, "Whether the movie is showing now, coming soon, or has ended"),
};

/** Schema of the request to add a movie. */
export const NewMovie = share(
	"NewMovie",
	Type.Object(
		{
			title: FIELDS.title,
			durationMinutes: FIELDS.durationMinutes,
			genre: FIELDS.genre,
			status: FIELDS.status,
			description: Type.Optional(FIELDS.description),
			rating: Type.Optional(FIELDS.rating),
			posterUrl: Type.Optional(FIELDS.posterUrl),
			releaseDate: Type.Optional(FIELDS.releaseDate),
		},
		{ ...CLOSED, description: "A movie to add" },
	),
);

/** Schema of the request to change a movie. */
export const MovieChange = share(
	"MovieChange",
	Type.Object(
		{
			...Type.Partial(Type.Object(FIELDS)).properties,
			archived: Type.Optional(Type.Literal(false, { description: "Brings an archived movie back into the catalogue" })),
		},
		{ ...CLOSED, minProperties: 1, description: "The fields to change. Absent fields stay as they are; null clears a field" },
	),
);
