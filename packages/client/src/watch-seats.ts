/** Watches the seats of a showtime: reads the map of seat statuses, then follows the stream of changes and reconnects when it breaks. */
import { backOffMs } from "./back-off.ts";
import { readEvents } from "./read-events.ts";
import { parseRetryAfter, pause, type Send } from "./retry.ts";
import type { SeatDelta, SeatReset, SeatStatuses } from "./schema.ts";

/** Options of `watchSeats`. */
export type WatchSeatsOptions = {
	/** Id of the showtime to watch. */
	readonly showtimeId: string;
	/** Called with the status of every seat: first, and again whenever changes may have been missed. */
	readonly onMap: (map: SeatStatuses) => void;
	/** Called with each change: seat indexes with their new letters. In order, each change once, and only changes after the last map. */
	readonly onSeats: (delta: SeatDelta) => void;
	/** Stops the watching. */
	readonly signal: AbortSignal;
};

/**
 * Resolves after `signal` aborts. Rejects if the server refuses for good (the showtime does not exist or is over), and with the error
 * that a callback throws. After any other failure it reconnects and continues after the last change it received.
 */
export type WatchSeats = (options: WatchSeatsOptions) => Promise<void>;

/** The requests of a watcher: `send` opens the stream at `baseUrl`; `readMap` reads the map (`view=status`) with its own retries. */
export type SeatSource = {
	readonly baseUrl: string;
	readonly send: Send;
	readMap(showtimeId: string, signal: AbortSignal): Promise<{ readonly map?: SeatStatuses | undefined; readonly response: Response }>;
};

/** The server sends at least a comment every 15 s. After three times that without a byte, the connection counts as broken. */
const SILENCE_MAX_MS = 45_000;
/** A longer `Retry-After` is cut to a minute, because a user is looking at the seats. */
const BACK_OFF = { minMs: 500, maxMs: 10_000, retryAfterMaxMs: 60_000 };

/** Why an attempt to watch ended. `refused` is final. `waitMs` is the wait that the server asked for, null if none. */
type WatchEnd = { readonly outcome: "refused"; readonly status: number } | { readonly outcome: "broken"; readonly waitMs: number | null };
const BROKEN: WatchEnd = { outcome: "broken", waitMs: null };

/** Returns a `watchSeats` function for one API. */
export function createSeatWatcher(source: SeatSource): WatchSeats {
	return async (options) => {
		const watcher = startWatcher(source, options);
		for (let failures = 0; !options.signal.aborted; ) {
			const { ended, receivedEvent } = await watcher.watchOnce();
			if (options.signal.aborted) return;
			if (ended.outcome === "refused") throw new Error(`the server refused to send the seats (status ${ended.status})`);
			failures = receivedEvent ? 1 : failures + 1;
			await pause(backOffMs(failures, ended.waitMs, BACK_OFF), options.signal).catch(() => {});
		}
	};
}

function startWatcher({ baseUrl, send, readMap }: SeatSource, { showtimeId, onMap, onSeats, signal }: WatchSeatsOptions) {
	/** Version of the map with all later changes applied; null if the map must be read. */
	let version: number | null = null;

	/**
	 * Reads the map and returns null, or why it failed. An older map than `atLeast` is a failure. Events that arrive meanwhile wait in
	 * the stream.
	 */
	async function refreshMap(atLeast: number): Promise<WatchEnd | null> {
		version = null;
		const answer = await readMap(showtimeId, signal).catch(() => null);
		if (answer === null) return BROKEN;
		if (answer.map === undefined) return endedBy(answer.response);
		if (answer.map.version < atLeast) return BROKEN;
		version = answer.map.version;
		onMap(answer.map);
		return null;
	}

	/** Calls the callbacks for the events of a stream until it ends. */
	async function follow(events: ReturnType<typeof readEvents>, onEvent: () => void): Promise<WatchEnd> {
		for (;;) {
			// Catches errors of the stream only: an error of a callback must reach the caller.
			const next = await events.next().catch(() => null);
			if (next === null || next.done === true || signal.aborted) return BROKEN;
			const { event, data } = next.value;
			const change: SeatDelta & SeatReset = JSON.parse(data);
			if (event === "reset") {
				const ended = await refreshMap(change.version);
				if (ended !== null) return ended;
			} else if (version !== null && change.version > version) {
				version = change.version;
				onSeats(change);
			}
			onEvent();
		}
	}

	async function watchOnce(): Promise<{ ended: WatchEnd; receivedEvent: boolean }> {
		let receivedEvent = false;
		const mapFailure = version === null ? await refreshMap(0) : null;
		if (mapFailure !== null) return { ended: mapFailure, receivedEvent };
		const silence = watchForSilence(signal);
		try {
			const url = `${baseUrl}/api/v1/showtimes/${encodeURIComponent(showtimeId)}/seats/stream?since=${version}`;
			const request = new Request(url, { signal: silence.signal, headers: { accept: "text/event-stream" } });
			const response = await send(request).catch(() => null);
			if (response === null) return { ended: BROKEN, receivedEvent };
			if (response.status !== 200 || response.body === null) {
				await response.body?.cancel();
				// No stream is available: read the map at each attempt until there is one.
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

function endedBy({ status, headers }: Response): WatchEnd {
	if (status < 500 && status !== 429) return { outcome: "refused", status };
	return { outcome: "broken", waitMs: parseRetryAfter(headers.get("retry-after"), Date.now()) };
}

/** Returns a signal that aborts when the caller's signal aborts, after `SILENCE_MAX_MS` without bytes, and at `end()`. */
function watchForSilence(caller: AbortSignal) {
	const controller = new AbortController();
	const abort = () => controller.abort();
	let timer = setTimeout(abort, SILENCE_MAX_MS);
	caller.addEventListener("abort", abort, { once: true });
	return {
		signal: controller.signal,
		/** Restarts the timeout, because bytes arrived. */
		reset() {
			clearTimeout(timer);
			timer = setTimeout(abort, SILENCE_MAX_MS);
		},
		/** Stops the timer and aborts the request. */
		end() {
			clearTimeout(timer);
			caller.removeEventListener("abort", abort);
			abort();
		},
	};
}
