/** Seats as they change, for as long as somebody looks: the map, then one stream of changes that is opened anew whenever it breaks. */
import { backOffMs } from "./back-off.ts";
import { readEvents } from "./read-events.ts";
import { parseRetryAfter, pause, type Send } from "./retry.ts";
import type { SeatDelta, SeatReset, SeatStatuses } from "./schema.ts";

export type WatchSeatsOptions = {
	readonly showtimeId: string;
	/** Every seat, a letter each: at first, and again whenever changes since the last map were missed. */
	readonly onMap: (map: SeatStatuses) => void;
	/** These seats changed; by index in the plan, with their letters now. In order, each once, each later than the map before it. */
	readonly onSeats: (delta: SeatDelta) => void;
	/** Ends it. */
	readonly signal: AbortSignal;
};

/**
 * Resolves when `signal` ends it. Rejects when the server refuses for good: no such showtime, or it is over; and with what a
 * callback throws. Everything else is asked for again, from the last change that was seen.
 */
export type WatchSeats = (options: WatchSeatsOptions) => Promise<void>;

/** What a watcher asks: the stream's address and a way to it, and the map (`view=status`) with retries of its own. */
export type SeatSource = {
	readonly baseUrl: string;
	readonly send: Send;
	readMap(showtimeId: string, signal: AbortSignal): Promise<{ readonly map?: SeatStatuses | undefined; readonly response: Response }>;
};

/** The server says something every 15 s; after three times that, nobody is there. */
const SILENCE_MAX_MS = 45_000;
/** A server that asks for an hour is asked sooner: a person is looking at the seats. */
const BACK_OFF = { minMs: 500, maxMs: 10_000, saidMaxMs: 60_000 };

/** Why an attempt to watch ended. `waitMs`: how long the server asks to wait. */
type Ended = { readonly outcome: "refused"; readonly status: number } | { readonly outcome: "broken"; readonly waitMs: number | null };
const BROKEN: Ended = { outcome: "broken", waitMs: null };

export function createSeatWatcher(source: SeatSource): WatchSeats {
	return async (options) => {
		const watcher = startWatcher(source, options);
		for (let failures = 0; !options.signal.aborted; ) {
			const { ended, receivedEvent } = await watcher.watchOnce();
			if (options.signal.aborted) return;
			if (ended.outcome === "refused") throw new Error(`the seats were answered ${ended.status}`);
			failures = receivedEvent ? 1 : failures + 1;
			await pause(backOffMs(failures, ended.waitMs, BACK_OFF), options.signal).catch(() => {});
		}
	};
}

function startWatcher({ baseUrl, send, readMap }: SeatSource, { showtimeId, onMap, onSeats, signal }: WatchSeatsOptions) {
	/** The version of the map with every later change applied; null: a map must be read. */
	let version: number | null = null;

	/** Read the map, of `atLeast` this version; null when that is done. Changes that come meanwhile wait in the stream. */
	async function renew(atLeast: number): Promise<Ended | null> {
		version = null;
		const answer = await readMap(showtimeId, signal).catch(() => null);
		if (answer === null) return BROKEN;
		if (answer.map === undefined) return endedBy(answer.response);
		if (answer.map.version < atLeast) return BROKEN;
		version = answer.map.version;
		onMap(answer.map);
		return null;
	}

	/** Pass on what comes until the stream ends. */
	async function follow(events: ReturnType<typeof readEvents>, onEvent: () => void): Promise<Ended> {
		for (;;) {
			// Only the stream may break; what a callback throws is the caller's own.
			const next = await events.next().catch(() => null);
			if (next === null || next.done === true || signal.aborted) return BROKEN;
			const { event, data } = next.value;
			const change: SeatDelta & SeatReset = JSON.parse(data);
			if (event === "reset") {
				const ended = await renew(change.version);
				if (ended !== null) return ended;
			} else if (version !== null && change.version > version) {
				version = change.version;
				onSeats(change);
			}
			onEvent();
		}
	}

	async function watchOnce(): Promise<{ ended: Ended; receivedEvent: boolean }> {
		let receivedEvent = false;
		const mapFailure = version === null ? await renew(0) : null;
		if (mapFailure !== null) return { ended: mapFailure, receivedEvent };
		const silence = watchForSilence(signal);
		try {
			const url = `${baseUrl}/api/v1/showtimes/${encodeURIComponent(showtimeId)}/seats/stream?since=${version}`;
			const request = new Request(url, { signal: silence.signal, headers: { accept: "text/event-stream" } });
			const response = await send(request).catch(() => null);
			if (response === null) return { ended: BROKEN, receivedEvent };
			if (response.status !== 200 || response.body === null) {
				await response.body?.cancel();
				// No stream for now: until there is one the map is read each time.
				version = null;
				return { ended: endedBy(response), receivedEvent };
			}
			const ended = await follow(readEvents(response.body, silence.reset), () => {
				receivedEvent = true;
			});
			return { ended, receivedEvent };
		} finally {
			silence.end();
		}
	}

	return { watchOnce };
}

function endedBy({ status, headers }: Response): Ended {
	if (status < 500 && status !== 429) return { outcome: "refused", status };
	return { outcome: "broken", waitMs: parseRetryAfter(headers.get("retry-after"), Date.now()) };
}

/** A signal that aborts with the caller's, when no bytes arrive for too long, and at the end. */
function watchForSilence(caller: AbortSignal) {
	const over = new AbortController();
	const giveUp = () => over.abort();
	let timer = setTimeout(giveUp, SILENCE_MAX_MS);
	caller.addEventListener("abort", giveUp, { once: true });
	return {
		signal: over.signal,
		/** Starts the time over: bytes arrived. */
		reset() {
			clearTimeout(timer);
			timer = setTimeout(giveUp, SILENCE_MAX_MS);
		},
		end() {
			clearTimeout(timer);
			caller.removeEventListener("abort", giveUp);
			giveUp();
		},
	};
}
