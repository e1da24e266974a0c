/** Fills a database with the demo: real movies, auditoriums from a hall to an arena, and showtimes for the coming week. */
import { CLEANING_MINUTES_DEFAULT, findLayoutErrors } from "@holdfast/domain";
import { assert } from "@holdfast/runtime";
import type { Movie } from "../catalog/movie.ts";
import type { Database, Queries } from "../create-database.ts";
import { writeTo } from "../run-queries.ts";
import { auditoriums, movies, seatPlans, showtimes } from "../schema/index.ts";
import { DEMO_ROOMS, type DemoRoom } from "./demo-rooms.ts";
import { deriveAuditoriumId, deriveSeatPlanId } from "./derive-demo-id.ts";
import { type PlannedShowtime, planProgramme } from "./plan-programme.ts";
import { readDemoMovies } from "./read-demo-movies.ts";

/** Sales open an hour before the seed runs, so that they are open even on a server whose clock is slightly behind. */
const SALES_OPEN_AGO_MS = 60 * 60 * 1000;
/** Rows per insert. Postgres accepts at most 65,535 parameters in one statement. */
const ROWS_PER_INSERT = 1_000;
const SEED_DEADLINE_MS = 60_000;
const MINUTE_MS = 60_000;

/** The numbers of rows that the seed added. */
export type SeedTally = { readonly movies: number; readonly auditoriums: number; readonly showtimes: number };

/**
 * Adds the missing rows of the demo as of `nowMs`: all rows on the first run, none on a second run on the same day, and on a later day the
 * showtimes of the new days in the coming week. Never changes or removes a row. Runs in one transaction. Calls `onProgress` with one line
 * of text per step.
 */
export async function seedDemo(
	database: Database,
	{ nowMs, onProgress = () => {} }: { nowMs: number; onProgress?: (line: string) => void },
): Promise<SeedTally> {
	const catalogue = readDemoMovies();
	const nowShowing = catalogue.filter((movie) => movie.status === "now_showing");
	const programme = planProgramme(DEMO_ROOMS, nowShowing, nowMs);
	const seed = async (tx: Queries): Promise<SeedTally> => {
		const newMovies = await insertMovies(tx, catalogue);
		onProgress(`movies: ${newMovies} new of ${catalogue.length}, ${nowShowing.length} of them now showing`);
		const newRooms = await insertRooms(tx, DEMO_ROOMS);
		onProgress(
			`auditoriums: ${newRooms} new of ${DEMO_ROOMS.length}, ${DEMO_ROOMS.map(({ layout }) => seatsOf(layout)).join(" + ")} seats`,
		);
		const newShowtimes = await insertShowtimes(tx, programme, nowMs);
		onProgress(`showtimes: ${newShowtimes} new of ${programme.length} in the coming week`);
		return { movies: newMovies, auditoriums: newRooms, showtimes: newShowtimes };
	};
	return writeTo(database, "upkeep", (queries) => queries.transaction(seed), SEED_DEADLINE_MS);
}

async function insertMovies(tx: Queries, catalogue: readonly Movie[]): Promise<number> {
	return insertInChunks(catalogue, async (rows) => {
		const added = await tx.insert(movies).values(rows).onConflictDoNothing();
		return added.count;
	});
}

async function insertRooms(tx: Queries, rooms: readonly DemoRoom[]): Promise<number> {
	const rows = rooms.map(({ name, timeZone, currency, prices }) => {
		const [venueName = name] = name.split(", ");
		return {
			id: deriveAuditoriumId(name),
			name,
			venueName,
			timeZone,
			currency,
			defaultPrices: prices,
			cleaningMinutes: CLEANING_MINUTES_DEFAULT,
		};
	});
	const added = await tx.insert(auditoriums).values(rows).onConflictDoNothing();
	const plans = rooms.map(({ name, layout }) => {
		assert(findLayoutErrors(layout).length === 0, `the seat plan of ${name} is invalid`);
		return { id: deriveSeatPlanId(name), auditoriumId: deriveAuditoriumId(name), layout, seatCount: seatsOf(layout), isCurrent: true };
	});
	await tx.insert(seatPlans).values(plans).onConflictDoNothing();
	return added.count;
}

async function insertShowtimes(tx: Queries, programme: readonly PlannedShowtime[], nowMs: number): Promise<number> {
	return insertInChunks(programme, async (planned) => {
		const rows = planned.map(({ id, room, movie, startsAt, endsAt }) => ({
			id,
			movieId: movie.id,
			auditoriumId: deriveAuditoriumId(room.name),
			seatPlanId: deriveSeatPlanId(room.name),
			startsAt: new Date(startsAt),
			endsAt: new Date(endsAt),
			occupiedUntil: new Date(endsAt + CLEANING_MINUTES_DEFAULT * MINUTE_MS),
			timeZone: room.timeZone,
			prices: room.prices,
			currency: room.currency,
			salesOpenAt: new Date(nowMs - SALES_OPEN_AGO_MS),
			salesCloseAt: new Date(startsAt),
		}));
		const added = await tx.insert(showtimes).values(rows).onConflictDoNothing();
		return added.count;
	});
}

async function insertInChunks<Row>(rows: readonly Row[], insert: (chunk: Row[]) => Promise<number>): Promise<number> {
	let added = 0;
	for (let at = 0; at < rows.length; at += ROWS_PER_INSERT) added += await insert(rows.slice(at, at + ROWS_PER_INSERT));
	return added;
}

function seatsOf(layout: DemoRoom["layout"]): number {
	return layout.rows.reduce((sum, row) => sum + row.seats.filter((seat) => seat !== null).length, 0);
}
