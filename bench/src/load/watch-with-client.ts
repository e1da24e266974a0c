/** A watcher as an app is one: by the client that is handed out, which reads, applies and comes back by its own rules. */
import { createClient } from "@holdfast/client";
import type { FollowOptions, SeatFollower } from "@holdfast/proofs";

/** Resolves when the seats are read. */
export function watchWithClient({ origin, showtimeId, onEvent = () => {} }: FollowOptions): Promise<SeatFollower> {
	const leave = new AbortController();
	let stream = new AbortController();
	const client = createClient({
		baseUrl: origin,
		async fetch(request) {
			if (!request.url.includes("/seats/stream")) return fetch(request);
			if (seen.maps === 0) throw new Error("the stream was opened before the seats were read");
			seen.streams += 1;
			stream = new AbortController();
			return fetch(request, { signal: AbortSignal.any([request.signal, stream.signal]) });
		},
	});
	const seen = { events: 0, maps: 0, streams: 0 };
	const violations: string[] = [];
	let letters: string[] = [];
	let version = -1;

	/** The client passes on what is newer than what it passed on before, and nothing else. */
	function rise(to: number): void {
		if (to < version) violations.push(`passed on version ${to} after ${version}`);
		version = to;
	}

	return new Promise((resolve, reject) => {
		const follower: SeatFollower = {
			statuses: () => letters.join(""),
			version: () => version,
			get seen() {
				return { events: seen.events, resets: seen.maps - 1, breaks: seen.streams - 1 };
			},
			violations,
			breakStream: () => stream.abort(),
			close: () => leave.abort(),
		};
		const watching = client.watchSeats({
			showtimeId,
			signal: leave.signal,
			onMap(map) {
				seen.maps += 1;
				rise(map.version);
				letters = [...map.statuses];
				resolve(follower);
			},
			onSeats(delta) {
				seen.events += 1;
				rise(delta.version);
				for (const [index, letter] of delta.seats) letters[index] = letter;
				onEvent({ event: "delta", version: delta.version, seats: delta.seats.map(([index, letter]) => [index, letter] as const) });
			},
		});
		watching.catch((error: unknown) => {
			violations.push(String(error));
			reject(error);
		});
	});
}
