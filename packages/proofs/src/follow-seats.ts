/**
 * A client of the seat stream that follows the API document: it reads the seat map once, applies every later event, reads the map
 * again after a `reset`, and reconnects with the id of the last event when the stream breaks. It records violations of the contract.
 */
import { type Agent, get, type IncomingMessage } from "node:http";
import { setTimeout as delay } from "node:timers/promises";
import { parseSeatEvents, type SeatEvent } from "@holdfast/testing";

/** A running client of the seat stream. */
export type SeatFollower = {
	/** Returns the client's seat map, one letter per seat. */
	statuses(): string;
	/** Returns the version of the client's seat map. */
	version(): number;
	/** Counts of events, of `reset` events, and of broken streams. */
	readonly seen: { events: number; resets: number; breaks: number };
	/** Received versions that violate the contract, as sentences. */
	readonly violations: string[];
	/** Breaks the connection as a network failure does; the client reconnects. */
	breakStream(): void;
	/** Closes the stream; the client does not reconnect. */
	close(): void;
};

/** Options of `followSeats`. */
export type FollowOptions = {
	/** `http://127.0.0.1:4000`. */
	readonly origin: string;
	readonly showtimeId: string;
	readonly agent?: Agent;
	/** Called with every event. */
	readonly onEvent?: (event: SeatEvent) => void;
};

const RECONNECT_DELAY_MS = 20;

/** Resolves when the seat map is read and the stream is open. Rejects when either fails the first time. */
export async function followSeats({ origin, showtimeId, agent, onEvent = () => {} }: FollowOptions): Promise<SeatFollower> {
	const address = `${origin}/api/v1/showtimes/${showtimeId}/seats`;
	const seen = { events: 0, resets: 0, breaks: 0 };
	const violations: string[] = [];
	let letters: string[] = [];
	let version = 0;
	let lastId: number | null = null;
	/** Events that arrived while the map is read again; null at all other times. */
	let buffered: SeatEvent[] | null = null;
	let isClosed = false;
	let response: IncomingMessage | null = null;

	async function read(): Promise<void> {
		const text = await readText(`${address}?view=status`, agent);
		const body: { version: number; statuses: string } = JSON.parse(text);
		if (body.version < version) violations.push(`read version ${body.version} after ${version}`);
		version = body.version;
		letters = [...body.statuses];
	}

	function apply(event: SeatEvent): void {
		if (event.version <= version) return;
		version = event.version;
		for (const [index, letter] of event.seats) letters[index] = letter;
	}

	async function readAgain(): Promise<void> {
		if (buffered !== null) return;
		buffered = [];
		while (!isClosed) {
			try {
				await read();
				break;
			} catch {
				await delay(RECONNECT_DELAY_MS);
			}
		}
		const queued: SeatEvent[] = buffered;
		buffered = null;
		for (const event of queued) handle(event);
	}

	function handle(event: SeatEvent): void {
		if (buffered !== null) buffered.push(event);
		else if (event.event === "reset") {
			if (event.version > version) void readAgain();
		} else apply(event);
	}

	function receive(event: SeatEvent): void {
		if (isClosed) return;
		if (lastId !== null && event.version <= lastId) violations.push(`received version ${event.version} after ${lastId}`);
		lastId = event.version;
		seen.events += 1;
		if (event.event === "reset") seen.resets += 1;
		onEvent(event);
		handle(event);
	}

	/** Resolves when the stream is open. The stream is reopened whenever it breaks after that. */
	function open(): Promise<void> {
		return new Promise((resolve, reject) => {
			const headers: Record<string, string> = lastId === null ? {} : { "last-event-id": String(lastId) };
			const request = get(`${address}/stream?since=${version}`, { agent, headers }, (opened) => {
				if (opened.statusCode !== 200) {
					opened.resume();
					reject(new Error(`the stream request failed with status ${opened.statusCode}`));
					return;
				}
				response = opened;
				opened.setEncoding("utf8");
				opened.on("data", parseSeatEvents(receive));
				opened.on("error", () => {});
				opened.on("close", () => void reconnect());
				resolve();
			});
			request.on("error", reject);
		});
	}

	async function reconnect(): Promise<void> {
		if (isClosed) return;
		seen.breaks += 1;
		while (!isClosed) {
			await delay(RECONNECT_DELAY_MS);
			try {
				await open();
				return;
			} catch {
				// The server is not reachable or not ready: try again.
			}
		}
	}

	await read();
	await open();
	return {
		statuses: () => letters.join(""),
		version: () => version,
		seen,
		violations,
		breakStream: () => response?.destroy(),
		close() {
			isClosed = true;
			response?.destroy();
		},
	};
}

function readText(url: string, agent: Agent | undefined): Promise<string> {
	return new Promise((resolve, reject) => {
		get(url, { agent }, (response) => {
			let text = "";
			response.setEncoding("utf8");
			response.on("data", (chunk: string) => {
				text += chunk;
			});
			response.on("error", reject);
			response.on("end", () =>
				response.statusCode === 200 ? resolve(text) : reject(new Error(`GET ${url} failed with status ${response.statusCode}: ${text}`)),
			);
		}).on("error", reject);
	});
}
