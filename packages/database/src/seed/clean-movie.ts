/**
 * Converts a row of `data/movies.json` into a movie of the catalogue. The file keeps the errors of its published source; this repairs them.
 */
import type { Movie } from "../catalog/movie.ts";
import { deriveMovieId } from "./derive-demo-id.ts";

/** A row as published. Some titles are numbers, some years are in the wrong century, and some letters are in the wrong encoding. */
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

/** The rows were published in 2010. A later year belongs to the previous century: the source guessed it wrongly from two digits. */
const LAST_RELEASE_YEAR = 2010;

const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/** Latin-1 letters that were decoded as Mac Roman: `AmÈlie`, `DÈj‡ Vu`, `MoliËre`. */
const MISREAD_LETTERS: Readonly<Record<string, string>> = { È: "é", "‡": "à", Ë: "è" };

/** The genre in the catalogue, and the words with which a description begins. */
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

/** Returns the movie of a row. The same row always gives the same movie and id. Throws on an unknown genre or date format. */
export function cleanMovie(row: PublishedMovie): Omit<Movie, "status"> {
	const title = repairLetters(String(row.title));
	const releaseDate = releaseDateOf(row.released);
	const [genre, opening] = GENRES[row.genre] ?? [];
	if (genre === undefined || opening === undefined) throw new Error(`${title}: unknown genre ${row.genre}`);
	const direction = row.director === null ? "" : ` directed by ${repairLetters(row.director)}`;
	return {
		id: deriveMovieId(`${title} ${releaseDate}`),
		title,
		description: `${opening}${direction}, first released in ${releaseDate.slice(0, 4)}.`,
		durationMinutes: row.minutes,
		genre,
		rating: row.rating === "Not Rated" ? null : row.rating,
		posterUrl: null,
		releaseDate,
	};
}

function repairLetters(text: string): string {
	return text.replace(/[È‡Ë]/g, (letter) => MISREAD_LETTERS[letter] ?? letter).trim();
}

function releaseDateOf(text: string): string {
	const [, monthName = "", day = "", year = ""] = /^([A-Z][a-z]{2}) (\d\d) (\d{4})$/.exec(text) ?? [];
	const month = MONTHS.indexOf(monthName) + 1;
	if (month === 0) throw new Error(`unknown release date format: ${text}`);
	const trueYear = Number(year) > LAST_RELEASE_YEAR ? Number(year) - 100 : Number(year);
	return `${trueYear}-${String(month).padStart(2, "0")}-${day}`;
}
