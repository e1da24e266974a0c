/**
 * Watches one showtime: subscribes to its seat changes, keeps the latest ones, sends them to the watchers, and reads the map when
 * the next hold expires. It subscribes before it reads the map, so a published version is either in the map or still to arrive.
 */
import { setImmediate as turn } from "node:timers/promises";
import { LIMIT_SPECS, type ShowtimeId } from "@holdfast/domain";
import type { SeatMessage, SeatStore } from "@holdfast/seat-store";
import { createDeltaRing } from "./delta-ring.ts";
import type { EventStream } from "./event-stream.ts";
import type { NotOpen } from "./open-showtime.ts";
import type { LiveMap } from "./read-live-map.ts";

/** Reads the current map of a showtime. */
export type ReadMap = (showtimeId: ShowtimeId) => Promise<({ outcome: "read" } & LiveMap) | NotOpen>;

/** A watched showtime and its watchers. */
export type ShowtimeWatch = {
	/** Resolves when the subscription is active and no message can be missed. Rejects as `watchSeats` does. */
	readonly subscribed: Promise<unknown>;
	/** Reads the map now, and takes its version and the next expiry from it. Rejects when Redis is unavailable. */
	refresh(): ReturnType<ReadMap>;
	/** Sends the stream every change after `since`, the version that its client has. Null, or a version above the map's: sends a reset. */
	join(stream: EventStream, since: number | null, mapVersion: number): void;
	/** Stops sending to the stream. Safe to call twice. */
	leave(stream: EventStream): void;
	/** Ends the watch, its subscription and every stream. Safe to call twice. */
	end(): void;
};

/** Changes within this time after a flush are sent together: in a burst of changes, a watcher costs at most twenty writes a second. */
const FLUSH_EVERY_MS = 50;
/** Maximum share of the process's time that flushing takes. The rest is for bookings. */
const FLUSH_SHARE_MAX = 0.2;
/** Watchers notified per turn of the event loop, which takes about a millisecond. */
const NOTIFIED_PER_TURN = 50;
/** A message about a hold does not say when the hold expires. No hold is shorter than twice this, so a refresh by then is in time. */
const REFRESH_AFTER_HOLD_MS = LIMIT_SPECS.holdTtlMs.min / 2;
/** Minimum time between refreshes: holds that expire shortly after each other share one. */
const REFRESH_EVERY_MS = 50;
/** Delay after a refresh that failed or found the showtime being rebuilt. */
const REFRESH_RETRY_MS = 1_000;
/** The version of watchers that have no map. */
const NO_VERSION = -1;

/** Starts the watch and subscribes. The caller must call `end`. */
export function watchShowtime(options: { seatStore: SeatStore; readMap: ReadMap; showtimeId: ShowtimeId }): ShowtimeWatch {
	const { seatStore, readMap, showtimeId } = options;
	const ring = createDeltaRing();
	/** The version that each watcher has. */
	const watchers = new Map<EventStream, number>();
	let hasEnded = false;
	/** Not subscribed, or not refreshed since: the ring may miss changes. */
	let isStale = true;
	/** The newest version published while stale. */
	let pendingVersion = 0;
	/** How often the subscription was lost. A map requested before the last loss does not show the changes missed since. */
	let losses = 0;
	let flushTimer: NodeJS.Timeout | null = null;
	let isFlushDue = false;
	let nextFlushAtMs = 0;
	let refreshTimer: NodeJS.Timeout | undefined;
	let nextRefreshAtMs = Number.POSITIVE_INFINITY;
	let lastRefreshAtMs = Number.NEGATIVE_INFINITY;
	const subscribed = seatStore.watchSeats(showtimeId, onMessage);
	subscribed.catch(() => {});

	function onMessage(message: SeatMessage): void {
		if (hasEnded) return;
		if (message.what === "resumed") {
			isStale = true;
			losses += 1;
			scheduleRefresh(0);
			return;
		}
		if (isStale) pendingVersion = Math.max(pendingVersion, message.version);
		else if (message.what === "reset" ? message.version > ring.latest() : ring.add(message) === "gap") {
			ring.restart(message.version);
			scheduleRefresh(0);
		}
		if (message.what === "seats" && message.letter === "H") scheduleRefresh(REFRESH_AFTER_HOLD_MS);
		scheduleFlush();
	}

	async function refresh(): ReturnType<ReadMap> {
		const lossesBefore = losses;
		lastRefreshAtMs = performance.now();
		const live = await readMap(showtimeId);
		if (live.outcome !== "read" || hasEnded) return live;
		const { version, earliestExpiryAt, nowMs } = live.map;
		if (isStale && losses === lossesBefore) {
			isStale = false;
			// If the version is unchanged, nothing was missed: versions never repeat.
			const currentVersion = Math.max(version, pendingVersion);
			if (currentVersion !== ring.latest()) ring.restart(currentVersion);
			scheduleFlush();
		}
		if (earliestExpiryAt !== null) scheduleRefresh(earliestExpiryAt - nowMs);
		return live;
	}

	function scheduleRefresh(ms: number): void {
		const nowMs = performance.now();
		const atMs = Math.max(nowMs + ms, lastRefreshAtMs + REFRESH_EVERY_MS);
		if (hasEnded || atMs >= nextRefreshAtMs) return;
		clearTimeout(refreshTimer);
		nextRefreshAtMs = atMs;
		refreshTimer = setTimeout(() => {
			nextRefreshAtMs = Number.POSITIVE_INFINITY;
			void refreshOnTimer();
		}, atMs - nowMs);
	}

	async function refreshOnTimer(): Promise<void> {
		try {
			const { outcome } = await refresh();
			if (outcome === "recovering") scheduleRefresh(REFRESH_RETRY_MS);
			else if (outcome !== "read") end();
		} catch {
			scheduleRefresh(REFRESH_RETRY_MS);
		}
	}

	function scheduleFlush(): void {
		isFlushDue = true;
		flushTimer ??= setTimeout(() => void flush(), Math.max(0, nextFlushAtMs - performance.now()));
	}

	async function flush(): Promise<void> {
		isFlushDue = false;
		ring.flush();
		let tookMs = 0;
		let turnMs = performance.now();
		let notified = 0;
		for (const [stream, version] of watchers) {
			sendChanges(stream, version);
			notified += 1;
			if (notified % NOTIFIED_PER_TURN > 0) continue;
			tookMs += performance.now() - turnMs;
			await turn();
			turnMs = performance.now();
		}
		tookMs += performance.now() - turnMs;
		nextFlushAtMs = performance.now() + Math.max(FLUSH_EVERY_MS, tookMs * (1 / FLUSH_SHARE_MAX - 1));
		flushTimer = null;
		if (isFlushDue && !hasEnded) scheduleFlush();
	}

	function sendChanges(stream: EventStream, version: number): void {
		const events = isStale ? null : ring.after(version);
		if (events === null) return;
		watchers.set(stream, events.version);
		stream.send(events.bytes);
	}

	function end(): void {
		if (hasEnded) return;
		hasEnded = true;
		clearTimeout(refreshTimer);
		if (flushTimer !== null) clearTimeout(flushTimer);
		subscribed.then(
			(unsubscribe) => unsubscribe(),
			() => {},
		);
		for (const stream of watchers.keys()) stream.end();
		watchers.clear();
	}

	return {
		subscribed,
		refresh,
		join(stream, since, mapVersion) {
			if (hasEnded) {
				stream.end();
				return;
			}
			const version = since === null || since > mapVersion ? NO_VERSION : since;
			watchers.set(stream, version);
			sendChanges(stream, version);
		},
		leave: (stream) => void watchers.delete(stream),
		end,
	};
}
