/**
 * Open showtimes before anybody asks: those of the coming two days, nearest first. After a restart or a failover of Redis
 * they are all fenced, and whoever comes first would find `recovering`.
 */
import { listUpcomingShowtimes } from "@holdfast/database";
import type { ShowtimeId } from "@holdfast/domain";
import type { SweeperDeps } from "./deps.ts";
import type { RebuildQueue } from "./queue-rebuilds.ts";

const AHEAD_MS = 48 * 60 * 60 * 1000;
/** A large operator's two days: 400 screens with six showtimes each. */
const SHOWTIMES_MAX = 5_000;
/** Showtimes asked about in one pipeline. */
const ASK_MAX = 500;
/** Without a reason, the list is looked through this often: showtimes come nearer, and some rebuilds fail. */
const LOOK_EVERY_MS = 30_000;
/** As long as some are unopened. */
const LOOK_AGAIN_MS = 1_000;

/** Gives a round to be run every second or so; it does nothing unless there is a reason. Safe beside another sweeper. */
export function createOpenAhead({ seatStore, database, metrics }: SweeperDeps, rebuilds: RebuildQueue): () => Promise<void> {
	let knownServer: string | undefined;
	let lookAt = 0;

	return async () => {
		const { master_replid: server } = await seatStore.inspectServer("replication");
		if (server === knownServer && Date.now() < lookAt) return;
		const showtimes = await listUpcomingShowtimes(database, { withinMs: AHEAD_MS, limit: SHOWTIMES_MAX });
		const unopened = new Set<ShowtimeId>();
		for (let i = 0; i < showtimes.length; i += ASK_MAX) {
			const ids = showtimes.slice(i, i + ASK_MAX).map(({ id }) => id);
			for (const id of await seatStore.findUnopened(ids)) unopened.add(id);
		}
		for (const { id, startsAt } of showtimes) if (unopened.has(id)) rebuilds.request(id, startsAt);
		metrics.unopenedShowtimes.set(unopened.size);
		knownServer = server;
		lookAt = Date.now() + (unopened.size > 0 ? LOOK_AGAIN_MS : LOOK_EVERY_MS);
	};
}
