/**
 * Open showtimes before anybody asks: those of the coming two days, nearest first. After a restart or a failover of Redis
 * they are all fenced, and whoever comes first would find `recovering`.
 */
import { listUpcomingShowtimes } from "@holdfast/database";
import { bucketOf, listBuckets, type ShowtimeId } from "@holdfast/domain";
import type { SweeperDeps } from "./deps.ts";
import type { RebuildQueue } from "./queue-rebuilds.ts";
import { throwFirst } from "./throw-first.ts";

const AHEAD_MS = 48 * 60 * 60 * 1000;
/** A large operator's two days: 400 screens with six showtimes each. */
const SHOWTIMES_MAX = 5_000;
/** Showtimes of one bucket asked about in one script: some milliseconds, during which Redis serves nobody else. */
const ASK_MAX = 500;
/** Without a reason, the list is looked through this often: showtimes come nearer, and some rebuilds fail. */
const LOOK_EVERY_MS = 30_000;
/** As long as some are unopened. */
const LOOK_AGAIN_MS = 1_000;

/**
 * Gives a round to be run every second or so; it does nothing unless there is a reason. Safe beside another sweeper. A bucket whose server
 * does not answer keeps none of the others back; its failure is thrown at the end.
 */
export function createOpenAhead({ seatStore, database, limits, metrics }: SweeperDeps, rebuilds: RebuildQueue): () => Promise<void> {
	/** The history that each bucket's server had when its showtimes were last looked through. */
	const known = new Map<number, string>();
	let lookAt = 0;

	return async () => {
		const servers = await Promise.allSettled(listBuckets(limits).map((bucket) => seatStore.replicationId(bucket)));
		const isNews = servers.some((server, bucket) => server.status === "fulfilled" && server.value !== known.get(bucket));
		if (isNews || Date.now() >= lookAt) {
			const showtimes = await listUpcomingShowtimes(database, { withinMs: AHEAD_MS, limit: SHOWTIMES_MAX });
			const parts = [...Map.groupBy(showtimes, ({ id }) => bucketOf(id)).values()].flatMap(partsOf);
			const asked = await Promise.allSettled(parts.map((part) => seatStore.findUnopened(part)));
			const unopened = new Set(asked.flatMap((part) => (part.status === "fulfilled" ? part.value : [])));
			for (const { id, startsAt } of showtimes) if (unopened.has(id)) rebuilds.request(id, startsAt);
			metrics.unopenedShowtimes.set(unopened.size);
			throwFirst(asked);
			for (const [bucket, server] of servers.entries()) if (server.status === "fulfilled") known.set(bucket, server.value);
			lookAt = Date.now() + (unopened.size > 0 ? LOOK_AGAIN_MS : LOOK_EVERY_MS);
		}
		throwFirst(servers);
	};
}

/** Ids of at most `ASK_MAX` showtimes each. */
function partsOf(showtimes: readonly { readonly id: ShowtimeId }[]): ShowtimeId[][] {
	const count = Math.ceil(showtimes.length / ASK_MAX);
	return Array.from({ length: count }, (_, i) => showtimes.slice(i * ASK_MAX, (i + 1) * ASK_MAX).map(({ id }) => id));
}
