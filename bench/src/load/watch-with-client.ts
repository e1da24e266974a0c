/** A watcher that uses the typed client, as an app does. The client reads the map, applies the events and reconnects. */
import { createClient } from "@holdfast/client";
import type { FollowOptions, SeatFollower } from "@holdfast/proofs";

/** Resolves when the seat map is read. */
export function watchWithClient({ origin, showtimeId, onEvent = () => {} }: FollowOptions): Promise<SeatFollower> {
	const closing = new AbortController();
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

	/** Records a version that the client passes on. It must never pass on an older one than before. */
	function recordVersion(next: number): void {
		if (next < version) violations.push(`the client passed on version ${next} after version ${version}`);
		version = next;
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
			close: () => closing.abort(),
		};
		const watching = client.watchSeats({
			showtimeId,
			signal: closing.signal,
			onMap(map) {
				seen.maps += 1;
				recordVersion(map.version);
				letters = [...map.statuses];
				resolve(follower);
			},
			onSeats(delta) {
				seen.events += 1;
				recordVersion(delta.version);
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
