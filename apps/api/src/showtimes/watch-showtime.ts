/**
 * One showtime that somebody watches: hears its news, keeps the last of them, tells its watchers, and looks at the map at the
 * instant when the next hold lapses. Subscribed first, read after: a version heard of is either in the map or still to come.
 */
import { setImmediate as turn } from "node:timers/promises";
import { LIMIT_SPECS, type ShowtimeId } from "@holdfast/domain";
import type { SeatNews, SeatStore } from "@holdfast/seat-store";
import { createDeltaRing } from "./delta-ring.ts";
import type { EventStream } from "./event-stream.ts";
import type { NotOpen } from "./open-showtime.ts";
import type { LiveMap } from "./read-live-map.ts";

export type ReadMap = (showtimeId: ShowtimeId) => Promise<({ outcome: "read" } & LiveMap) | NotOpen>;

export type ShowtimeWatch = {
	/** Resolves once no news can be missed; rejects as `watchSeats` does. */
	readonly subscribed: Promise<unknown>;
	/** Read the map now, and take from it what there is to know. */
	look(): ReturnType<ReadMap>;
	/** Tell this stream everything after the version `since` that its reader has; null, or one the map has not reached: nothing yet. */
	join(stream: EventStream, since: number | null, mapVersion: number): void;
	leave(stream: EventStream): void;
	/** End it, its subscription and every stream. Safe to call twice. */
	end(): void;
};

/** After a change was told, what is heard within this time is told together: a storm costs twenty writes a second and watcher. */
const TELL_EVERY_MS = 50;
/** Telling takes at most this share of the process's time; the rest is for those who book. */
const TELLING_SHARE_MAX = 0.2;
/** Watchers told in one turn of the event loop, about a millisecond. */
const TOLD_PER_TURN = 50;
/** A hold was placed, and nobody says until when: no hold is shorter than this twice over, so a look by then is in time. */
const LOOK_AFTER_HOLD_MS = LIMIT_SPECS.holdTtlMs.min / 2;
/** Holds that lapse one after the other are looked at together. */
const LOOK_EVERY_MS = 50;
/** After a look that failed, or found the showtime being rebuilt. */
const LOOK_AGAIN_MS = 1_000;
/** The version of those who have no map. */
const NO_VERSION = -1;

export function watchShowtime(options: { seatStore: SeatStore; readMap: ReadMap; showtimeId: ShowtimeId }): ShowtimeWatch {
	const { seatStore, readMap, showtimeId } = options;
	const ring = createDeltaRing();
	/** The version that each watcher has. */
	const watchers = new Map<EventStream, number>();
	let isOver = false;
	/** Not subscribed, or not looked since: the ring does not lead to the present. */
	let isBlind = true;
	let heardBlind = 0;
	/** How often the subscription was lost. A map that was asked for before the last time says nothing of what was missed. */
	let losses = 0;
	let teller: NodeJS.Timeout | null = null;
	let isNews = false;
	let tellAtMs = 0;
	let looker: NodeJS.Timeout | undefined;
	let lookAtMs = Number.POSITIVE_INFINITY;
	let lookedAtMs = Number.NEGATIVE_INFINITY;
	const subscribed = seatStore.watchSeats(showtimeId, onNews);
	subscribed.catch(() => {});

	function onNews(news: SeatNews): void {
		if (isOver) return;
		if (news.what === "resumed") {
			isBlind = true;
			losses += 1;
			lookWithin(0);
			return;
		}
		if (isBlind) heardBlind = Math.max(heardBlind, news.version);
		else if (news.what === "reset" ? news.version > ring.latest() : ring.hear(news) === "gap") {
			ring.restart(news.version);
			lookWithin(0);
		}
		if (news.what === "seats" && news.letter === "H") lookWithin(LOOK_AFTER_HOLD_MS);
		tellSoon();
	}

	async function look(): ReturnType<ReadMap> {
		const lossesBefore = losses;
		lookedAtMs = performance.now();
		const live = await readMap(showtimeId);
		if (live.outcome !== "read" || isOver) return live;
		const { version, earliestExpiryAt, nowMs } = live.map;
		if (isBlind && losses === lossesBefore) {
			isBlind = false;
			// Nothing was missed if it is where it was: versions never repeat.
			const present = Math.max(version, heardBlind);
			if (present !== ring.latest()) ring.restart(present);
			tellSoon();
		}
		if (earliestExpiryAt !== null) lookWithin(earliestExpiryAt - nowMs);
		return live;
	}

	function lookWithin(ms: number): void {
		const nowMs = performance.now();
		const atMs = Math.max(nowMs + ms, lookedAtMs + LOOK_EVERY_MS);
		if (isOver || atMs >= lookAtMs) return;
		clearTimeout(looker);
		lookAtMs = atMs;
		looker = setTimeout(() => {
			lookAtMs = Number.POSITIVE_INFINITY;
			void lookOnTime();
		}, atMs - nowMs);
	}

	async function lookOnTime(): Promise<void> {
		try {
			const { outcome } = await look();
			if (outcome === "recovering") lookWithin(LOOK_AGAIN_MS);
			else if (outcome !== "read") end();
		} catch {
			lookWithin(LOOK_AGAIN_MS);
		}
	}

	function tellSoon(): void {
		isNews = true;
		teller ??= setTimeout(() => void tellAll(), Math.max(0, tellAtMs - performance.now()));
	}

	async function tellAll(): Promise<void> {
		isNews = false;
		ring.gather();
		let tookMs = 0;
		let turnMs = performance.now();
		let told = 0;
		for (const [stream, version] of watchers) {
			tell(stream, version);
			told += 1;
			if (told % TOLD_PER_TURN > 0) continue;
			tookMs += performance.now() - turnMs;
			await turn();
			turnMs = performance.now();
		}
		tookMs += performance.now() - turnMs;
		tellAtMs = performance.now() + Math.max(TELL_EVERY_MS, tookMs * (1 / TELLING_SHARE_MAX - 1));
		teller = null;
		if (isNews && !isOver) tellSoon();
	}

	function tell(stream: EventStream, version: number): void {
		const events = isBlind ? null : ring.after(version);
		if (events === null) return;
		watchers.set(stream, events.version);
		stream.send(events.bytes);
	}

	function end(): void {
		if (isOver) return;
		isOver = true;
		clearTimeout(looker);
		if (teller !== null) clearTimeout(teller);
		subscribed.then(
			(unsubscribe) => unsubscribe(),
			() => {},
		);
		for (const stream of watchers.keys()) stream.end();
		watchers.clear();
	}

	return {
		subscribed,
		look,
		join(stream, since, mapVersion) {
			if (isOver) {
				stream.end();
				return;
			}
			const version = since === null || since > mapVersion ? NO_VERSION : since;
			watchers.set(stream, version);
			tell(stream, version);
		},
		leave: (stream) => void watchers.delete(stream),
		end,
	};
}
