/** Seats as they change, for as long as somebody looks: one stream that is opened anew whenever it breaks. */
import { readEvents } from "./read-events.ts";
import { parseRetryAfter, pause, type Send } from "./retry.ts";
import type { SeatDelta, SeatReset } from "./schema.ts";

export type WatchSeatsOptions = {
	readonly baseUrl: string;
	readonly showtimeId: string;
	/** `version` of the seats you have (`?view=status`, or the matrix). */
	readonly since: number;
	/** These seats changed; by index in the plan, with their letters now. Called in order, each once. */
	readonly onSeats: (delta: SeatDelta) => void;
	/** What you have cannot be led on from: read the seats anew, a map of this version or a later one. Changes after it follow. */
	readonly onReset: (reset: SeatReset) => void;
	/** Ends it. */
	readonly signal: AbortSignal;
	readonly fetch?: Send;
};

/** The server says something every 15 s; after three times that, nobody is there. */
const SILENCE_MAX_MS = 45_000;
const BACKOFF_MS = 500;
const BACKOFF_MAX_MS = 10_000;
const JITTER = 0.5;

/**
 * Resolves when `signal` ends it. Rejects when the server refuses for good: no such showtime, or it is over; and with what a
 * callback throws. Everything else is asked for again, from the last change that was seen.
 */
export async function watchSeats({ since, signal, ...options }: WatchSeatsOptions): Promise<void> {
	let version = since;
	let failures = 0;
	while (!signal.aborted) {
		const ended = await watchOnce({ ...options, since: version, signal }, (seen) => {
			version = seen;
			failures = 0;
		});
		if (ended.outcome === "refused") throw new Error(`the stream of seats was answered ${ended.status}`);
		failures += 1;
		const waitMs = ended.waitMs ?? Math.min(BACKOFF_MS * 2 ** (failures - 1), BACKOFF_MAX_MS);
		await pause(waitMs * (1 + Math.random() * JITTER), signal).catch(() => {});
	}
}

type Ended = { readonly outcome: "refused"; readonly status: number } | { readonly outcome: "broken"; readonly waitMs: number | null };

async function watchOnce(options: WatchSeatsOptions, onVersion: (version: number) => void): Promise<Ended> {
	const { baseUrl, showtimeId, since, signal, fetch: send = fetch, onSeats, onReset } = options;
	const silence = new AbortController();
	const giveUp = () => silence.abort();
	let timer = setTimeout(giveUp, SILENCE_MAX_MS);
	const isAlive = () => {
		clearTimeout(timer);
		timer = setTimeout(giveUp, SILENCE_MAX_MS);
	};
	signal.addEventListener("abort", giveUp, { once: true });
	try {
		const url = `${baseUrl}/api/v1/showtimes/${encodeURIComponent(showtimeId)}/seats/stream?since=${since}`;
		const response = await send(new Request(url, { signal: silence.signal, headers: { accept: "text/event-stream" } })).catch(() => null);
		if (response === null) return { outcome: "broken", waitMs: null };
		if (response.status !== 200 || response.body === null) {
			await response.body?.cancel();
			if (response.status < 500 && response.status !== 429) return { outcome: "refused", status: response.status };
			return { outcome: "broken", waitMs: parseRetryAfter(response.headers.get("retry-after"), Date.now()) };
		}
		const events = readEvents(response.body, isAlive);
		for (;;) {
			// Only the stream may break; what a callback throws is the caller's own.
			const next = await events.next().catch(() => null);
			if (next === null || next.done === true) return { outcome: "broken", waitMs: null };
			const { event, data } = next.value;
			const change: SeatDelta & SeatReset = JSON.parse(data);
			if (event === "reset") onReset(change);
			else onSeats(change);
			onVersion(change.version);
		}
	} finally {
		clearTimeout(timer);
		signal.removeEventListener("abort", giveUp);
		silence.abort();
	}
}
