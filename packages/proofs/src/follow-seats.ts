/**
 * A client of the seat stream, just as the API tells clients to be: reads the seats once, applies every later event, reads them
 * anew at a `reset`, and comes back with the id of the last event when the stream breaks. Notes what no client should ever see.
 */
import { type Agent, get, type IncomingMessage } from "node:http";
import { setTimeout as delay } from "node:timers/promises";
import { parseSeatEvents, type SeatEvent } from "@holdfast/testing";

export type SeatFollower = {
	/** One letter per seat, as this client knows them. */
	statuses(): string;
	/** The version of the map that they stand for. */
	version(): number;
	/** How often it was told to read the seats anew, and how often its stream broke. */
	readonly seen: { events: number; resets: number; breaks: number };
	/** What it was told that contradicts the contract. */
	readonly violations: string[];
	/** Lose the stream as a network does; the client comes back by itself. */
	breakStream(): void;
	/** Leave for good. */
	close(): void;
};

export type FollowOptions = {
	/** `http://127.0.0.1:4000`. */
	readonly origin: string;
	readonly showtimeId: string;
	readonly agent?: Agent;
	/** Sees each event as it comes. */
	readonly onEvent?: (event: SeatEvent) => void;
};

const COME_BACK_MS = 20;

/** Resolves when the stream is open and the seats are read. */
export async function followSeats({ origin, showtimeId, agent, onEvent = () => {} }: FollowOptions): Promise<SeatFollower> {
	const address = `${origin}/api/v1/showtimes/${showtimeId}/seats`;
	const seen = { events: 0, resets: 0, breaks: 0 };
	const violations: string[] = [];
	let letters: string[] = [];
	let version = 0;
	let lastId: number | null = null;
	/** Events that came while the seats were read anew; null while they are not. */
	let waiting: SeatEvent[] | null = null;
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
		if (waiting !== null) return;
		waiting = [];
		while (!isClosed) {
			try {
				await read();
				break;
			} catch {
				await delay(COME_BACK_MS);
			}
		}
		const queued: SeatEvent[] = waiting;
		waiting = null;
		for (const event of queued) take(event);
	}

	function take(event: SeatEvent): void {
		if (waiting !== null) waiting.push(event);
		else if (event.event === "reset") {
			if (event.version > version) void readAgain();
		} else apply(event);
	}

	function hear(event: SeatEvent): void {
		if (isClosed) return;
		if (lastId !== null && event.version <= lastId) violations.push(`told version ${event.version} after ${lastId}`);
		lastId = event.version;
		seen.events += 1;
		if (event.event === "reset") seen.resets += 1;
		onEvent(event);
		take(event);
	}

	/** Resolves when the stream is open; from then on it is kept open. */
	function open(): Promise<void> {
		return new Promise((resolve, reject) => {
			const headers: Record<string, string> = lastId === null ? {} : { "last-event-id": String(lastId) };
			const request = get(`${address}/stream?since=${version}`, { agent, headers }, (opened) => {
				if (opened.statusCode !== 200) {
					opened.resume();
					reject(new Error(`the stream was answered ${opened.statusCode}`));
					return;
				}
				response = opened;
				opened.setEncoding("utf8");
				opened.on("data", parseSeatEvents(hear));
				opened.on("error", () => {});
				opened.on("close", () => void comeBack());
				resolve();
			});
			request.on("error", reject);
		});
	}

	async function comeBack(): Promise<void> {
		if (isClosed) return;
		seen.breaks += 1;
		while (!isClosed) {
			await delay(COME_BACK_MS);
			try {
				await open();
				return;
			} catch {
				// The server is not there, or not ready.
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
				response.statusCode === 200 ? resolve(text) : reject(new Error(`${url} was answered ${response.statusCode}: ${text}`)),
			);
		}).on("error", reject);
	});
}
