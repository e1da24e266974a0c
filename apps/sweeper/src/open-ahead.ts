/**
 * Opens the showtimes of the next two days before clients ask for them, the nearest first. After a restart or a failover of Redis all
 * showtimes are fenced, and the first client of each would get `recovering`.
 */
import { listUpcomingShowtimes } from "@holdfast/database";
import { bucketOf, listBuckets, type ShowtimeId } from "@holdfast/domain";
import type { SweeperDeps } from "./deps.ts";
import type { RebuildQueue } from "./queue-rebuilds.ts";
import { throwFirst } from "./throw-first.ts";

const AHEAD_MS = 48 * 60 * 60 * 1000;
/** Enough for two days of a large operator: 400 screens with six showtimes a day each. */
const SHOWTIMES_MAX = 5_000;
/** Showtimes per call of the seat store. The script takes some milliseconds for them, and Redis serves no other call meanwhile. */
const SHOWTIMES_PER_CALL_MAX = 500;
/** How often the showtimes are checked while all of them are open: later showtimes come within two days, and rebuilds may have failed. */
const CHECK_EVERY_MS = 30_000;
/** How often they are checked while some are not open. */
const CHECK_UNOPENED_EVERY_MS = 1_000;

/**
 * Returns a function to be called about every second. It checks the showtimes if a check is due or if a Redis server was restarted or
 * replaced, and requests a rebuild for each one that is not open. Safe beside another sweeper. A server that does not answer does not
 * delay the other buckets; its error is thrown at the end.
 */
export function createOpenAhead({ seatStore, database, limits, metrics }: SweeperDeps, rebuilds: RebuildQueue): () => Promise<void> {
	/** The replication id that each bucket's server had at the last check. It changes when a server is restarted or replaced. */
	const known = new Map<number, string>();
	let nextCheckAt = 0;

	return async () => {
		const servers = await Promise.allSettled(listBuckets(limits).map((bucket) => seatStore.replicationId(bucket)));
		const hasServerChanged = servers.some((server, bucket) => server.status === "fulfilled" && server.value !== known.get(bucket));
		if (hasServerChanged || Date.now() >= nextCheckAt) {
			const showtimes = await listUpcomingShowtimes(database, { withinMs: AHEAD_MS, limit: SHOWTIMES_MAX });
			const parts = [...Map.groupBy(showtimes, ({ id }) => bucketOf(id)).values()].flatMap(partsOf);
			const results = await Promise.allSettled(parts.map((part) => seatStore.findUnopened(part)));
			const unopened = new Set(results.flatMap((result) => (result.status === "fulfilled" ? result.value : [])));
			for (const { id, startsAt } of showtimes) if (unopened.has(id)) rebuilds.request(id, startsAt);
			metrics.unopenedShowtimes.set(unopened.size);
			throwFirst(results);
			for (const [bucket, server] of servers.entries()) if (server.status === "fulfilled") known.set(bucket, server.value);
			nextCheckAt = Date.now() + (unopened.size > 0 ? CHECK_UNOPENED_EVERY_MS : CHECK_EVERY_MS);
		}
		throwFirst(servers);
	};
}

/** Splits the showtimes into lists of at most `SHOWTIMES_PER_CALL_MAX` ids. */
function partsOf(showtimes: readonly { readonly id: ShowtimeId }[]): ShowtimeId[][] {
	const count = Math.ceil(showtimes.length / SHOWTIMES_PER_CALL_MAX);
	return Array.from({ length: count }, (_, i) =>
		showtimes.slice(i * SHOWTIMES_PER_CALL_MAX, (i + 1) * SHOWTIMES_PER_CALL_MAX).map(({ id }) => id),
	);
}
