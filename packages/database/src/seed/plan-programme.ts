/**
 * The demo's programme: which film begins when, in which room. It follows from the room and the calendar day alone, so
 * whoever plans a day again, today or tomorrow, plans the same showtimes.
 */
import type { ShowtimeId } from "@holdfast/domain";
import type { Movie } from "../catalog/movie.ts";
import type { DemoRoom } from "./demo-rooms.ts";
import { drawShowtimeId } from "./draw-demo-id.ts";
import { venueDayAt, venueInstant } from "./find-venue-instant.ts";

/** Between the end of a film and the start of the next in the same room. */
export const CLEANING_MINUTES = 20;
/** Today and seven days more, so that the coming 7 x 24 hours are filled at any time of day. */
const DAYS_AHEAD = 7;
/** Starts are on five minutes. */
const START_STEP_MINUTES = 5;
const MINUTE_MS = 60_000;

export type PlannedShowtime = {
	readonly id: ShowtimeId;
	readonly room: DemoRoom;
	readonly movie: Movie;
	/** Epoch ms. */
	readonly startsAt: number;
	readonly endsAt: number;
};

/**
 * Every showtime that starts after `nowMs` on the venues' today or one of the seven days after. Two days of eight
 * rooms go once through sixty films.
 */
export function planProgramme(rooms: readonly DemoRoom[], movies: readonly Movie[], nowMs: number): PlannedShowtime[] {
	return rooms.flatMap((room, roomIndex) => {
		const today = venueDayAt(room.timeZone, nowMs);
		const days = Array.from({ length: DAYS_AHEAD + 1 }, (_, ahead) => today + ahead);
		return days
			.flatMap((day) => planDay(room, moviesOfDay(movies, rooms.length, roomIndex, day), day))
			.filter(({ startsAt }) => startsAt > nowMs);
	});
}

/** A room has time for four films a day at least: it is dealt its four, rooms one after another, then the next day. */
const DEALT_PER_ROOM = 4;

function moviesOfDay(movies: readonly Movie[], rooms: number, roomIndex: number, day: number): Movie[] {
	const first = ((day * rooms + roomIndex) * DEALT_PER_ROOM) % movies.length;
	return [...movies.slice(first), ...movies.slice(0, first)];
}

function planDay(room: DemoRoom, movies: readonly Movie[], day: number): PlannedShowtime[] {
	const opening = venueInstant(room.timeZone, day, room.firstStartMinutes);
	const lastStart = room.lastStartMinutes - room.firstStartMinutes;
	const planned: PlannedShowtime[] = [];
	let minutes = 0;
	for (const movie of movies) {
		if (minutes > lastStart) break;
		const startsAt = opening + minutes * MINUTE_MS;
		const id = drawShowtimeId(`${room.name} ${day} ${planned.length}`);
		planned.push({ id, room, movie, startsAt, endsAt: startsAt + movie.durationMinutes * MINUTE_MS });
		const free = minutes + movie.durationMinutes + CLEANING_MINUTES;
		minutes = Math.ceil(free / START_STEP_MINUTES) * START_STEP_MINUTES;
	}
	return planned;
}
