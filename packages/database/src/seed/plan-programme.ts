/**
 * Plans the showtimes of the demo: which movie starts when, in which auditorium. The plan of a day depends only on the auditorium and the
 * calendar day, so planning the same day again gives the same showtimes.
 */
import {
	addLocalDays,
	CLEANING_MINUTES_DEFAULT,
	daysBetween,
	findInstantsOn,
	MINUTE_MS,
	type ShowtimeId,
	venueDayOf,
} from "@holdfast/domain";
import type { Movie } from "../catalog/movie.ts";
import type { DemoRoom } from "./demo-rooms.ts";
import { deriveShowtimeId } from "./derive-demo-id.ts";

/** Today and seven more days are planned, so that the next 7 x 24 hours are filled at any time of day. */
const DAYS_AHEAD = 7;
/** The plan of a day depends on its number: the days since this date. */
const DAY_0 = "1970-01-01";
/** Start times are multiples of five minutes after the first start of the day. */
const START_STEP_MINUTES = 5;

/** A showtime to insert. */
export type PlannedShowtime = {
	readonly id: ShowtimeId;
	readonly room: DemoRoom;
	readonly movie: Movie;
	/** Epoch ms. */
	readonly startsAt: number;
	readonly endsAt: number;
};

/**
 * Returns every showtime that starts after `nowMs`, today or on one of the next seven days at its venue. Two days in eight auditoriums use
 * each of sixty movies once.
 */
export function planProgramme(rooms: readonly DemoRoom[], movies: readonly Movie[], nowMs: number): PlannedShowtime[] {
	return rooms.flatMap((room, roomIndex) => {
		const today = daysBetween(DAY_0, venueDayOf(nowMs, room.timeZone));
		const days = Array.from({ length: DAYS_AHEAD + 1 }, (_, ahead) => today + ahead);
		return days
			.flatMap((day) => planDay(room, moviesOfDay(movies, rooms.length, roomIndex, day), day))
			.filter(({ startsAt }) => startsAt > nowMs);
	});
}

/**
 * Each auditorium has time for at least four movies a day. The list of movies advances by four per auditorium, then continues the next day.
 */
const MOVIES_PER_ROOM_DAY = 4;

function moviesOfDay(movies: readonly Movie[], rooms: number, roomIndex: number, day: number): Movie[] {
	const first = ((day * rooms + roomIndex) * MOVIES_PER_ROOM_DAY) % movies.length;
	return [...movies.slice(first), ...movies.slice(0, first)];
}

function planDay(room: DemoRoom, movies: readonly Movie[], day: number): PlannedShowtime[] {
	const found = findInstantsOn(addLocalDays(DAY_0, day), room.firstStartMinutes, room.timeZone);
	// No clock change skips or repeats a first start. If one did, the showtimes would begin after the change, or at the first of the two.
	const opening = found.outcome === "skipped" ? found.after : found.outcome === "twice" ? found.first : found.instant;
	const lastStart = room.lastStartMinutes - room.firstStartMinutes;
	const planned: PlannedShowtime[] = [];
	let minutes = 0;
	for (const movie of movies) {
		if (minutes > lastStart) break;
		const startsAt = opening + minutes * MINUTE_MS;
		const id = deriveShowtimeId(`${room.name} ${day} ${planned.length}`);
		planned.push({ id, room, movie, startsAt, endsAt: startsAt + movie.durationMinutes * MINUTE_MS });
		const freeAt = minutes + movie.durationMinutes + CLEANING_MINUTES_DEFAULT;
		minutes = Math.ceil(freeAt / START_STEP_MINUTES) * START_STEP_MINUTES;
	}
	return planned;
}
