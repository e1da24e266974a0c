/** Opens a stream of seats on an app that listens, and keeps what comes, event by event. */
import { get, type IncomingMessage } from "node:http";
import { parseSeatEvents, type SeatEvent, waitUntil } from "@holdfast/testing";
import type { TestApp } from "./start-test-api.ts";

export type TestStream = {
	readonly headers: Readonly<Record<string, unknown>>;
	readonly events: SeatEvent[];
	/** Resolves when there are so many. */
	until(events: number): Promise<SeatEvent[]>;
	/** Whether the server has ended it. */
	hasEnded(): boolean;
	/** Read no further, as a client does that hangs. */
	pause(): void;
	close(): void;
};

const origins = new WeakMap<TestApp, Promise<string>>();

/** Where the app listens; from the first time this is asked. */
export function originOf(app: TestApp): Promise<string> {
	const known = origins.get(app) ?? app.app.listen({ host: "127.0.0.1", port: 0 });
	origins.set(app, known);
	return known;
}

/** Rejects with the status when it is none. `query` is what comes after the path. */
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
		throw new Error(`the stream was answered ${response.statusCode}`);
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
