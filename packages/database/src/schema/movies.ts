/** The films of the catalogue. */
import type { MovieId } from "@holdfast/domain";
import { type SQL, sql } from "drizzle-orm";
import { check, date, index, integer, pgTable, text, uuid } from "drizzle-orm/pg-core";
import { instant, writtenAt } from "./columns.ts";

export const MOVIE_STATUSES = ["now_showing", "coming_soon", "ended"] as const;
/** Where a movie stands in the programme; set by hand, not derived from its showtimes. */
export type MovieStatus = (typeof MOVIE_STATUSES)[number];

/** The longest known title has 179. A cursor of a list holds one, and must not grow past what the API takes. */
export const TITLE_MAX_CHARS = 200;

/**
 * A text as searches compare it: lower case, accents off, the letters that Unicode does not take apart spelled out (`Amélie` and
 * `AMELIE`, `Børning` and `borning`, `Weiß` and `weiss` are alike). Built-in and immutable, so that an index can hold it.
 */
export const searchable = (value: SQL): SQL => sql`replace(replace(replace(translate(lower(
	regexp_replace(normalize(${value}, NFKD), '[\\u0300-\\u036f]', '', 'g')), 'øłđðı', 'olddi'), 'ß', 'ss'), 'æ', 'ae'), 'œ', 'oe')`;

export const movies = pgTable(
	"movies",
	{
		id: uuid("id").primaryKey().$type<MovieId>(),
		title: text("title").notNull(),
		/** The title as searches compare it; Postgres keeps it. */
		searchTitle: text("search_title").notNull().generatedAlwaysAs(searchable(sql`title`)),
		description: text("description").notNull(),
		durationMinutes: integer("duration_minutes").notNull(),
		genre: text("genre").notNull(),
		/** Age rating as its board words it (`PG-13`); null when it was never rated. */
		rating: text("rating"),
		posterUrl: text("poster_url"),
		/** First release, a calendar day without a zone. */
		releaseDate: date("release_date", { mode: "string" }),
		status: text("status").notNull().$type<MovieStatus>(),
		/** Set when an admin removes it: gone from every list, still named by its bookings. */
		archivedAt: instant("archived_at"),
		createdAt: writtenAt("created_at"),
	},
	(table) => [
		index("movies_by_title").on(table.title, table.id).where(sql`${table.archivedAt} is null`),
		// Any part of three letters or more is found by its trigrams; a shorter one is in so many titles that a walk by title fills a page.
		index("movies_by_search_title").using("gin", table.searchTitle.op("gin_trgm_ops")).where(sql`${table.archivedAt} is null`),
		check("movies_title_length", sql`char_length(${table.title}) between 1 and ${sql.raw(String(TITLE_MAX_CHARS))}`),
		check("movies_duration_positive", sql`${table.durationMinutes} > 0`),
		check("movies_status_known", sql`${table.status} in ('now_showing', 'coming_soon', 'ended')`),
	],
);
