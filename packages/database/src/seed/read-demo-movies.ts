/** The films of the demo catalogue, cleaned, best known first. */
import { readFileSync } from "node:fs";
import { assert } from "@holdfast/runtime";
import type { Movie } from "../catalog/movie.ts";
import type { MovieStatus } from "../schema/index.ts";
import { cleanMovie, type PublishedMovie } from "./clean-movie.ts";

const SOURCE = new URL("../../data/movies.json", import.meta.url);

/** The best known films are on, the next ones are to come, and all others were on once. */
const NOW_SHOWING = 60;
const COMING_SOON = 20;

/** Read and clean them all. The order, and with it every status, is the same each time. */
export function readDemoMovies(): Movie[] {
	const { movies } = parseSource(readFileSync(SOURCE, "utf8"));
	const ranked = movies.toSorted((one, other) => (other.votes ?? 0) - (one.votes ?? 0));
	return ranked.map((row, rank) => ({ ...cleanMovie(row), status: statusAt(rank) }));
}

function statusAt(rank: number): MovieStatus {
	if (rank < NOW_SHOWING) return "now_showing";
	return rank < NOW_SHOWING + COMING_SOON ? "coming_soon" : "ended";
}

/** The file is ours and stands beside this one, so its rows are taken at their word; the tests clean every one of them. */
function parseSource(text: string): { movies: PublishedMovie[] } {
	const source = JSON.parse(text) as { movies: PublishedMovie[] };
	assert(Array.isArray(source.movies), "data/movies.json has movies");
	return source;
}
