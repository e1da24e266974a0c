/**
 * Counts the seats of showtimes for lists. A list never opens a showtime, and waits a fraction of a second for Redis at most. The counts
 * are shared by all lists of a process, so that Redis is asked once per second and showtime at most, whatever the number of readers.
 */
import { bucketOf, countSeats, type SeatCounts, type ShowtimeId } from "@holdfast/domain";
import { withDeadline } from "@holdfast/runtime";
import { type SeatStore, SeatStoreFault, type UnreapedMap } from "@holdfast/seat-store";
import { LRUCache } from "lru-cache";
import type { ReportUnreadable } from "../present-skipping-unreadable.ts";

/** The age of the oldest counts that a list shows. */
const COUNTS_TTL_MS = 1_000;
/** How long a list waits for Redis, which usually answers within a few milliseconds. After that the counts are null. */
const COUNTS_WAIT_MS = 200;
/** About 300 bytes each. */
const CACHED_COUNTS_MAX = 20_000;

/**
 * Returns the counts of each of the showtimes. Null: the showtime is not installed or being rebuilt, or Redis did not answer in time. Never
 * rejects.
 */
export type CountSeatsOf = (showtimeIds: readonly ShowtimeId[]) => Promise<ReadonlyMap<ShowtimeId, SeatCounts | null>>;

type Counts = ReadonlyMap<ShowtimeId, SeatCounts | null>;
const NO_COUNTS: Counts = new Map();

/** Returns the function with an empty cache. Create one per process. */
export function createSeatCounts(deps: { seatStore: Pick<SeatStore, "readSeatMaps">; reportUnreadable: ReportUnreadable }): CountSeatsOf {
	/** Promises: concurrent lists share a read. Refusals and failures are cached for as long as counts. */
	const cache = new LRUCache<ShowtimeId, Promise<SeatCounts | null>>({ max: CACHED_COUNTS_MAX, ttl: COUNTS_TTL_MS });

	/** Asks for the showtimes of one bucket in one call. Another bucket may lie on a server that answers although this one does not. */
	function ask(bucket: number, ids: readonly ShowtimeId[]): (readonly [ShowtimeId, Promise<SeatCounts | null>])[] {
		const answer = withDeadline(readCounts(deps, bucket, ids), COUNTS_WAIT_MS, () => NO_COUNTS);
		const asked = ids.map((id) => [id, answer.then((counts) => counts.get(id) ?? null)] as const);
		for (const [id, counts] of asked) cache.set(id, counts);
		return asked;
	}

	return async (showtimeIds) => {
		const cached = showtimeIds.map((id) => [id, cache.get(id)] as const);
		const unknown = cached.flatMap(([id, counts]) => (counts === undefined ? [id] : []));
		const asked = [...Map.groupBy(unknown, bucketOf)].flatMap(([bucket, ids]) => ask(bucket, ids));
		return new Map(await Promise.all([...cached, ...asked].map(async ([id, counts]) => [id, (await counts) ?? null] as const)));
	};
}

async function readCounts(
	{ seatStore, reportUnreadable }: Parameters<typeof createSeatCounts>[0],
	bucket: number,
	ids: readonly ShowtimeId[],
): Promise<Counts> {
	const counts = new Map<ShowtimeId, SeatCounts | null>();
	try {
		const maps = await seatStore.readSeatMaps(bucket, ids);
		for (const [i, id] of ids.entries()) {
			try {
				counts.set(id, countUnreaped(maps[i] ?? null));
			} catch (error) {
				reportUnreadable("showtime", id, error);
			}
		}
	} catch (error) {
		// Redis is unreachable: health and metrics report it, and a list is complete without counts.
		if (!(error instanceof SeatStoreFault)) for (const id of ids) reportUnreadable("showtime", id, error);
	}
	return counts;
}

/** Counts the seats of expired holds as available. Throws on an unknown letter. */
function countUnreaped(map: UnreapedMap | null): SeatCounts | null {
	if (map === null) return null;
	const counts = countSeats(map.statuses);
	return { ...counts, available: counts.available + map.expiredSeats, held: counts.held - map.expiredSeats };
}
