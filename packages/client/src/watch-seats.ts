/** Seats as they change, for as long as somebody looks: the map, then one stream of changes that is opened anew whenever it breaks. */
import { backOffMs } from "./back-off.ts";
import { readEvents } from "./read-events.ts";
import { parseRetryAfter, pause, type Send } from "./retry.ts";
import type { SeatDelta, SeatReset, SeatStatuses } from "./schema.ts";

export type WatchSeatsOptions = {
	readonly showtimeId: string;
	/** Every seat, a letter each: at first, and again whenever what was told before cannot be led on from. */
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

/** Why a look came to its end. `waitMs`: when the server says to come back. */
type Ended = { readonly outcome: "refused"; readonly status: number } | { readonly outcome: "broken"; readonly waitMs: number | null };
const BROKEN: Ended = { outcome: "broken", waitMs: null };

export function createSeatWatcher(source: SeatSource): WatchSeats {
	return async (options) => {
		const watcher = startWatcher(source, options);
		for (let failures = 0; !options.signal.aborted; ) {
			const { ended, wasTold } = await watcher.lookOnce();
			if (options.signal.aborted) return;
			if (ended.outcome === "refused") throw new Error(`the seats were answered ${ended.status}`);
			failures = wasTold ? 1 : failures + 1;
			await pause(backOffMs(failures, ended.waitMs, BACK_OFF), options.signal).catch(() => {});
		}
	};
}

function startWatcher({ baseUrl, send, readMap }: SeatSource, { showtimeId, onMap, onSeats, signal }: WatchSeatsOptions) {
	/** Of the map with every change that was told since; null: a map is needed. */
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
	async function follow(events: ReturnType<typeof readEvents>, onTold: () => void): Promise<Ended> {
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
			onTold();
		}
	}

	async function lookOnce(): Promise<{ ended: Ended; wasTold: boolean }> {
		let wasTold = false;
		const untold = version === null ? await renew(0) : null;
		if (untold !== null) return { ended: untold, wasTold };
		const silence = watchForSilence(signal);
		try {
			const url = `${baseUrl}/api/v1/showtimes/${encodeURIComponent(showtimeId)}/seats/stream?since=${version}`;
			const request = new Request(url, { signal: silence.signal, headers: { accept: "text/event-stream" } });
			const response = await send(request).catch(() => null);
			if (response === null) return { ended: BROKEN, wasTold };
			if (response.status !== 200 || response.body === null) {
				await response.body?.cancel();
				// No stream for now: until there is one the map is read each time.
				version = null;
				return { ended: endedBy(response), wasTold };
			}
			const ended = await follow(readEvents(response.body, silence.hear), () => {
				wasTold = true;
			});
			return { ended, wasTold };
		} finally {
			silence.end();
		}
	}

	return { lookOnce };
}

function endedBy({ status, headers }: Response): Ended {
	if (status < 500 && status !== 429) return { outcome: "refused", status };
	return { outcome: "broken", waitMs: parseRetryAfter(headers.get("retry-after"), Date.now()) };
}

/** A signal that aborts with the caller's, when nothing was heard for too long, and at the end. */
function watchForSilence(caller: AbortSignal) {
	const over = new AbortController();
	const giveUp = () => over.abort();
	let timer = setTimeout(giveUp, SILENCE_MAX_MS);
	caller.addEventListener("abort", giveUp, { once: true });
	return {
		signal: over.signal,
		/** Something was heard. */
		hear() {
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
