/** Parses the events of a seat stream. The text may arrive in chunks of any size. */
import { createParser } from "eventsource-parser";

/** An event of a seat stream; `seats` are pairs of seat index and status letter, empty for a `reset`. */
export type SeatEvent = {
	readonly event: "delta" | "reset";
	readonly version: number;
	readonly seats: readonly (readonly [number, string])[];
};

/**
 * Returns a function that takes each chunk of text in order; `onEvent` gets every complete event. The function throws when an
 * event is malformed, or when the id of an event differs from its version.
 */
export function parseSeatEvents(onEvent: (event: SeatEvent) => void): (chunk: string) => void {
	const parser = createParser({
		onEvent({ event, id, data }) {
			const { version, seats = [] }: { version: number; seats?: [number, string][] } = JSON.parse(data);
			if (String(version) !== id) throw new Error(`event of version ${version} has the id ${id}`);
			onEvent({ event: event === "reset" ? "reset" : "delta", version, seats });
		},
		onError(error) {
			throw error;
		},
	});
	return (chunk) => parser.feed(chunk);
}
