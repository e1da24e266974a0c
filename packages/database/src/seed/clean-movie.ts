/** Make a movie of the catalogue out of a row of `data/movies.json`, which stands there as it was published: flawed. */
import type { Movie } from "../catalog/movie.ts";
import { drawMovieId } from "./draw-demo-id.ts";

/** A row as published. Some titles are numbers, some years are in the wrong century, some letters were misread. */
export type PublishedMovie = {
	readonly title: string | number;
	/** `Dec 18 1985`. */
	readonly released: string;
	readonly rating: string | null;
	readonly minutes: number;
	readonly genre: string;
	readonly director: string | null;
	readonly votes: number | null;
};

/** The rows were published in 2010: a later year is one of the century before, guessed wrong from two digits. */
const LAST_RELEASE_YEAR = 2010;

const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/** Letters of Latin-1 that were read as Mac Roman: `AmÈlie`, `DÈj‡ Vu`, `MoliËre`. */
const MISREAD_LETTERS: Readonly<Record<string, string>> = { È: "é", "‡": "à", Ë: "è" };

/** The genre as the catalogue names it, and how a sentence begins with it. */
const GENRES: Readonly<Record<string, readonly [name: string, article: string]>> = {
	Action: ["Action", "An action film"],
	Adventure: ["Adventure", "An adventure"],
	"Black Comedy": ["Black comedy", "A black comedy"],
	Comedy: ["Comedy", "A comedy"],
	"Concert/Performance": ["Concert", "A concert film"],
	Documentary: ["Documentary", "A documentary"],
	Drama: ["Drama", "A drama"],
	Horror: ["Horror", "A horror film"],
	Musical: ["Musical", "A musical"],
	"Romantic Comedy": ["Romantic comedy", "A romantic comedy"],
	"Thriller/Suspense": ["Thriller", "A thriller"],
	Western: ["Western", "A western"],
};

/** The same row gives the same movie, id included. Throws on a release date or a genre of another form. */
export function cleanMovie(row: PublishedMovie): Omit<Movie, "status"> {
	const title = mended(String(row.title));
	const releaseDate = releaseDateOf(row.released);
	const [genre, opening] = GENRES[row.genre] ?? [];
	if (genre === undefined || opening === undefined) throw new Error(`${title}: unknown genre ${row.genre}`);
	const direction = row.director === null ? "" : ` directed by ${mended(row.director)}`;
	return {
		id: drawMovieId(`${title} ${releaseDate}`),
		title,
		description: `${opening}${direction}, first released in ${releaseDate.slice(0, 4)}.`,
		durationMinutes: row.minutes,
		genre,
		rating: row.rating === "Not Rated" ? null : row.rating,
		posterUrl: null,
		releaseDate,
	};
}

function mended(text: string): string {
	return text.replace(/[È‡Ë]/g, (letter) => MISREAD_LETTERS[letter] ?? letter).trim();
}

function releaseDateOf(text: string): string {
	const [, monthName = "", day = "", year = ""] = /^([A-Z][a-z]{2}) (\d\d) (\d{4})$/.exec(text) ?? [];
	const month = MONTHS.indexOf(monthName) + 1;
	if (month === 0) throw new Error(`a release date of another form: ${text}`);
	const trueYear = Number(year) > LAST_RELEASE_YEAR ? Number(year) - 100 : Number(year);
	return `${trueYear}-${String(month).padStart(2, "0")}-${day}`;
}
