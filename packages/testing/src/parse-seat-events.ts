/** The events of a seat stream out of the text that arrives, in whatever pieces it comes. */
import { createParser } from "eventsource-parser";

export type SeatEvent = {
	readonly event: "delta" | "reset";
	readonly version: number;
	readonly seats: readonly (readonly [number, string])[];
};

/** Give it each piece of text. Throws when an event's id is not its version. */
export function parseSeatEvents(onEvent: (event: SeatEvent) => void): (chunk: string) => void {
	const parser = createParser({
		onEvent({ event, id, data }) {
			const { version, seats = [] }: { version: number; seats?: [number, string][] } = JSON.parse(data);
			if (String(version) !== id) throw new Error(`an event of version ${version} has the id ${id}`);
			onEvent({ event: event === "reset" ? "reset" : "delta", version, seats });
		},
		onError(error) {
			throw error;
		},
	});
	return (chunk) => parser.feed(chunk);
}
