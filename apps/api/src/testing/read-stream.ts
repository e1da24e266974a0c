/** Opens a stream of seat changes over HTTP and collects its events. */
import { get, type IncomingMessage } from "node:http";
import { parseSeatEvents, type SeatEvent, waitUntil } from "@holdfast/testing";
import type { TestApp } from "./start-test-api.ts";

/** An open stream. */
export type TestStream = {
	readonly headers: Readonly<Record<string, unknown>>;
	readonly events: SeatEvent[];
	/** Resolves when at least so many events have arrived. */
	until(events: number): Promise<SeatEvent[]>;
	/** Whether the stream has ended. */
	hasEnded(): boolean;
	/** Stops reading, as a hanging client would. */
	pause(): void;
	close(): void;
};

const origins = new WeakMap<TestApp, Promise<string>>();

/** Returns the origin of an app. The first call makes the app listen. */
export function originOf(app: TestApp): Promise<string> {
	const known = origins.get(app) ?? app.app.listen({ host: "127.0.0.1", port: 0 });
	origins.set(app, known);
	return known;
}

/** Opens a stream. `query` includes the `?`. Rejects with the status if the response is not 200. */
export async function readStream(
	app: TestApp,
	showtimeId: string,
	{ query = "", headers = {} }: { query?: string; headers?: Record<string, string> } = {},
): Promise<TestStream> {
	const url = `${await originOf(app)}/api/v1/showtimes/${showtimeId}/seats/stream${query}`;
	const response = await new Promise<IncomingMessage>((resolve, reject) => {
		get(url, { headers, agent: false }, resolve).on("error", reject);
	});
	if (response.statusCode !== 200) {
		response.destroy();
		throw new Error(`the stream request was answered ${response.statusCode}`);
	}
	const events: SeatEvent[] = [];
	let hasEnded = false;
	response.setEncoding("utf8");
	response.on(
		"data",
		parseSeatEvents((event) => events.push(event)),
	);
	response.on("error", () => {});
	response.on("close", () => {
		hasEnded = true;
	});
	return {
		headers: response.headers,
		events,
		until: (count) => waitUntil(`${count} events`, () => events.length >= count && events),
		hasEnded: () => hasEnded,
		pause: () => void response.pause(),
		close: () => void response.destroy(),
	};
}
