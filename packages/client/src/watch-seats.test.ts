import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { createClient } from "./create-client.ts";
import { readEvents } from "./read-events.ts";

const streamOf = (...chunks: string[]) =>
	new ReadableStream<Uint8Array>({
		start(controller) {
			for (const chunk of chunks) controller.enqueue(new TextEncoder().encode(chunk));
			controller.close();
		},
	});

async function eventsIn(...chunks: string[]) {
	const events = [];
	for await (const event of readEvents(streamOf(...chunks), () => {})) events.push(event);
	return events;
}

describe("readEvents", () => {
	it("parses events however the bytes are split, skips comments, and drops an incomplete last event", async () => {
		const text = ': hello\n\nid: 7\ndata: {"a":1}\n\n:\nevent: reset\nid: 8\ndata: one\ndata:two\n\ndata: half';
		const wanted = [
			{ event: "message", id: "7", data: '{"a":1}' },
			{ event: "reset", id: "8", data: "one\ntwo" },
		];
		expect(await eventsIn(text)).toEqual(wanted);
		expect(await eventsIn(...text)).toEqual(wanted);
	});

	it("throws when an event exceeds the maximum length", async () => {
		const endless = `data: ${"x".repeat(1_000_001)}`;
		await expect(eventsIn("data: x\n\n", endless)).rejects.toThrow();
	});

	it("accepts CRLF as the end of a line", async () => {
		expect(await eventsIn("data: x\r\n\r\n")).toEqual([{ event: "message", id: "", data: "x" }]);
	});
});

type Answer = () => Response | Promise<Response>;

/**
 * Watches seats of a fake API that gives `answers` in order and aborts at the next request. Returns the paths requested, what the callbacks
 * got, and how the watch ended: `ended`, or the error.
 */
async function watch(...answers: Answer[]) {
	const [requested, seen]: [string[], unknown[]] = [[], []];
	const abort = new AbortController();
	const client = createClient({
		baseUrl: "http://api.test",
		retry: false,
		// `watchSeats` must send no token: with one, this fake API answers 401.
		tokens: { access: () => "expired" },
		async fetch({ url, headers }) {
			if (headers.has("authorization")) return new Response("{}", { status: 401 });
			requested.push(url.replace("http://api.test/api/v1/showtimes/s%2F1/seats", ""));
			const answer = answers[requested.length - 1];
			if (answer === undefined) {
				abort.abort();
				throw new TypeError("fetch failed");
			}
			return answer();
		},
	});
	const watching = client.watchSeats({
		showtimeId: "s/1",
		signal: abort.signal,
		onMap: ({ version, statuses }) => seen.push([version, statuses]),
		onSeats: ({ version, seats }) => seen.push([version, ...seats]),
	});
	let end: string | null = null;
	watching
		.then(() => "ended", String)
		.then((how) => {
			end = how;
		});
	while (end === null) await vi.advanceTimersByTimeAsync(250);
	return { requested, seen, end };
}

const mapAnswer =
	(version: number, statuses: string): Answer =>
	() =>
		new Response(JSON.stringify({ showtimeId: "s/1", planId: "p", version, statuses }), {
			headers: { "content-type": "application/json" },
		});
const streaming =
	(...chunks: string[]): Answer =>
	() =>
		new Response(streamOf(...chunks));
const seatEvent = (version: number, letter: string) => `id: ${version}\ndata: {"version":${version},"seats":[[3,"${letter}"]]}\n\n`;
const resetEvent = (version: number) => `event: reset\nid: ${version}\ndata: {"version":${version}}\n\n`;
const problem =
	(status: number): Answer =>
	() =>
		new Response("{}", { status, headers: { "retry-after": "0", "content-type": "application/problem+json" } });

describe("watchSeats", () => {
	beforeEach(() => vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "Date"] }));
	afterEach(() => vi.useRealTimers());

	it("reads the map, passes on each change once, and reconnects with the version of the last change when the stream breaks", async () => {
		const { requested, seen, end } = await watch(
			mapAnswer(5, "AAAA"),
			streaming(seatEvent(6, "H"), `${seatEvent(8, "A")}data: {"ver`),
			streaming(),
		);
		expect(seen).toEqual([
			[5, "AAAA"],
			[6, [3, "H"]],
			[8, [3, "A"]],
		]);
		const stream = (since: number) => `/stream?since=${since}`;
		expect(requested).toEqual(["?view=status", stream(5), stream(8), stream(8)]);
		expect(end).toBe("ended");
	});

	it("reads the map again while no stream is available, with a pause before each attempt", async () => {
		const startMs = Date.now();
		const { requested, seen } = await watch(
			mapAnswer(5, "A"),
			problem(503),
			mapAnswer(6, "H"),
			problem(429),
			mapAnswer(7, "S"),
			streaming(seatEvent(8, "A")),
		);
		expect(seen).toEqual([
			[5, "A"],
			[6, "H"],
			[7, "S"],
			[8, [3, "A"]],
		]);
		expect(requested.slice(0, 4)).toEqual(["?view=status", "/stream?since=5", "?view=status", "/stream?since=6"]);
		// Each pause is at least 500 ms, even with `Retry-After: 0`.
		expect(Date.now() - startMs).toBeGreaterThanOrEqual(2 * 500);
	});

	it("passes on no change after the signal aborts, and accepts a base URL that ends with a slash", async () => {
		const stop = new AbortController();
		const [requested, seen]: [string[], number[]] = [[], []];
		const answers = [mapAnswer(5, "A"), streaming(seatEvent(6, "H") + seatEvent(7, "S") + seatEvent(8, "A"))];
		const client = createClient({
			baseUrl: "http://api.test/",
			retry: false,
			async fetch({ url }) {
				requested.push(url);
				return answers.shift()?.() ?? Response.error();
			},
		});
		await client.watchSeats({
			showtimeId: "s",
			signal: stop.signal,
			onMap: () => {},
			onSeats({ version }) {
				seen.push(version);
				stop.abort();
			},
		});
		expect(seen).toEqual([6]);
		expect(requested[1]).toBe("http://api.test/api/v1/showtimes/s/seats/stream?since=5");
	});

	it("reads the map again at a reset, then passes on only the changes that are newer than the map", async () => {
		let answer: (response: Response) => void = () => {};
		const slow = new Promise<Response>((resolve) => {
			answer = resolve;
		});
		setTimeout(async () => answer(await mapAnswer(21, "AAAS")()), 50);
		const { requested, seen } = await watch(
			mapAnswer(5, "AAAA"),
			streaming(resetEvent(20) + seatEvent(21, "S"), seatEvent(22, "A")),
			() => slow,
		);
		expect(requested.slice(0, 3)).toEqual(["?view=status", "/stream?since=5", "?view=status"]);
		expect(seen).toEqual([
			[5, "AAAA"],
			[21, "AAAS"],
			[22, [3, "A"]],
		]);
	});

	it("discards a map that is older than the reset, and reads it again", async () => {
		const { requested, seen } = await watch(
			mapAnswer(5, "AAAA"),
			streaming(resetEvent(20), seatEvent(21, "H")),
			mapAnswer(19, "AAAS"),
			mapAnswer(20, "AAAA"),
		);
		expect(seen).toEqual([
			[5, "AAAA"],
			[20, "AAAA"],
		]);
		expect(requested).toEqual(["?view=status", "/stream?since=5", "?view=status", "?view=status", "/stream?since=20"]);
	});

	it("retries a map that could not be read", async () => {
		const broken: Answer = () => Promise.reject(new TypeError("fetch failed"));
		const { seen } = await watch(broken, problem(503), mapAnswer(7, "A"), streaming(resetEvent(9)), broken, mapAnswer(9, "H"));
		expect(seen).toEqual([
			[7, "A"],
			[9, "H"],
		]);
	});

	it.each<[string, Answer[]]>([
		["the map", [problem(404)]],
		["the stream", [mapAnswer(5, "A"), problem(404)]],
		["the map at a reset", [mapAnswer(5, "A"), streaming(resetEvent(9)), problem(404)]],
	])("rejects when the server answers 404 for %s", async (_what, answers) => {
		const { requested, end } = await watch(...answers);
		expect([requested.length, end]).toEqual([answers.length, "Error: the server refused to send the seats (status 404)"]);
	});

	it("rejects with the error that a callback throws", async () => {
		const client = createClient({ baseUrl: "http://api.test", fetch: async () => mapAnswer(5, "A")() });
		const onMap = () => {
			throw new Error("no such element");
		};
		const watching = client.watchSeats({ showtimeId: "s", signal: new AbortController().signal, onMap, onSeats: () => {} });
		await expect(watching).rejects.toThrow("no such element");
	});
});
