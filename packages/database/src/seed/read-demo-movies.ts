/** Reads the movies of the demo catalogue, with the errors of the source repaired, the best known first. */
import { readFileSync } from "node:fs";
import { assert } from "@holdfast/runtime";
import type { Movie } from "../catalog/movie.ts";
import type { MovieStatus } from "../schema/index.ts";
import { cleanMovie, type PublishedMovie } from "./clean-movie.ts";

const SOURCE = new URL("../../data/movies.json", import.meta.url);

/** Numbers of movies: the best known are now showing, the next are coming soon, and all others have ended. */
const NOW_SHOWING = 60;
const COMING_SOON = 20;

/** Returns all movies of the demo. Order and statuses are the same on every call. Throws when the file is malformed. */
export function readDemoMovies(): Movie[] {
	const { movies } = parseSource(readFileSync(SOURCE, "utf8"));
	const ranked = movies.toSorted((one, other) => (other.votes ?? 0) - (one.votes ?? 0));
	return ranked.map((row, rank) => ({ ...cleanMovie(row), status: statusAt(rank) }));
}

function statusAt(rank: number): MovieStatus {
	if (rank < NOW_SHOWING) return "now_showing";
	return rank < NOW_SHOWING + COMING_SOON ? "coming_soon" : "ended";
}

/** The file belongs to this package, so its rows are not validated here; the tests convert every row. */
function parseSource(text: string): { movies: PublishedMovie[] } {
	const source = JSON.parse(text) as { movies: PublishedMovie[] };
	assert(Array.isArray(source.movies), "data/movies.json has no list of movies");
	return source;
}
