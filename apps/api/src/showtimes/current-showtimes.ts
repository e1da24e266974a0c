/**
 * Reads when and what a showtime is now, for the answers about bookings. A booking can be read without Postgres, but the names of movie and
 * auditorium change only there, and a move is in one store first. So both stores are read, at most once a second and showtime.
 */
import { type Database, findShowtime, isDatabaseUnavailable } from "@holdfast/database";
import type { OpenShowtime, ShowtimeId } from "@holdfast/domain";
import { withDeadline } from "@holdfast/runtime";
import type { SeatStore } from "@holdfast/seat-store";
import { createLru } from "../create-lru.ts";
import { joinReads } from "../join-reads.ts";

/** A change is shown by every process after this long at the latest. */
const SHOWN_WITHIN_MS = 1_000;
/** How long an answer waits for the names in the ledger. Past it the names that the seat store has are shown. */
const NAMES_WAIT_MS = 250;
/** About 1 KB each. */
const CACHED_SHOWTIMES_MAX = 20_000;

/** What a booking says about its showtime. */
export type CurrentShowtime = Pick<OpenShowtime, "id" | "startsAt" | "endsAt" | "scheduleVersion" | "summary">;

/** The cached showtimes. */
export type CurrentShowtimes = {
	/** Returns the showtime as it was at most a second ago, or null when neither store has it. */
	find(showtimeId: ShowtimeId): Promise<CurrentShowtime | null>;
};

/** Returns an empty cache. Create one per process. */
export function createCurrentShowtimes({ seatStore, database }: { seatStore: SeatStore; database: Database }): CurrentShowtimes {
	const cache = createLru<ShowtimeId, CurrentShowtime>(CACHED_SHOWTIMES_MAX, SHOWN_WITHIN_MS);
	const readOnce = joinReads(async (id: ShowtimeId): Promise<CurrentShowtime | null> => {
		const reading = findIfReachable(database, id);
		// If the seat store fails first, its error is the answer.
		reading.catch(() => {});
		const installed = await seatStore.readShowtime(id);
		// Slow queries of the catalogue must not make bookings slow.
		const row = await (installed === null ? reading : withDeadline(reading, NAMES_WAIT_MS, () => null));
		const showtime = newer(installed, row);
		if (showtime !== null) cache.set(id, showtime);
		return showtime;
	});
	return { find: async (id) => cache.get(id) ?? readOnce(id) };
}

/** The names are the ledger's, the schedule the one with the higher version. */
function newer(installed: CurrentShowtime | null, row: CurrentShowtime | null): CurrentShowtime | null {
	if (installed === null || row === null) return row ?? installed;
	const { startsAt, endsAt, scheduleVersion } = installed.scheduleVersion > row.scheduleVersion ? installed : row;
	return { id: row.id, startsAt, endsAt, scheduleVersion, summary: row.summary };
}

async function findIfReachable(database: Database, id: ShowtimeId): Promise<CurrentShowtime | null> {
	try {
		return await findShowtime(database, id);
	} catch (error) {
		if (isDatabaseUnavailable(error)) return null;
		throw error;
	}
}
