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

describe("events", () => {
	it("are read whatever pieces they come in, with comments between them, and one without an end is none", async () => {
		const text = ': hello\n\nid: 7\ndata: {"a":1}\n\n:\nevent: reset\nid: 8\ndata: one\ndata:two\n\ndata: half';
		const wanted = [
			{ event: "message", id: "7", data: '{"a":1}' },
			{ event: "reset", id: "8", data: "one\ntwo" },
		];
		expect(await eventsIn(text)).toEqual(wanted);
		expect(await eventsIn(...text)).toEqual(wanted);
	});

	it("are given up when one of them has no end", async () => {
		const endless = `data: ${"x".repeat(1_000_001)}`;
		await expect(eventsIn("data: x\n\n", endless)).rejects.toThrow();
	});

	it("may end their lines as HTTP does", async () => {
		expect(await eventsIn("data: x\r\n\r\n")).toEqual([{ event: "message", id: "", data: "x" }]);
	});
});

type Answer = () => Response | Promise<Response>;

/** Answers in turn, then never again. */
async function watch(...answers: Answer[]) {
	const [asked, seen]: [string[], unknown[]] = [[], []];
	const abort = new AbortController();
	const client = createClient({
		baseUrl: "http://api.test",
		retry: false,
		// A session that has ended is none of the seats' business.
		tokens: { access: () => "expired" },
		async fetch({ url, headers }) {
			if (headers.has("authorization")) return new Response("{}", { status: 401 });
			asked.push(url.replace("http://api.test/api/v1/showtimes/s%2F1/seats", ""));
			const answer = answers[asked.length - 1];
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
	return { asked, seen, end };
}

const map =
	(version: number, statuses: string): Answer =>
	() =>
		new Response(JSON.stringify({ showtimeId: "s/1", planId: "p", version, statuses }), {
			headers: { "content-type": "application/json" },
		});
const streaming =
	(...chunks: string[]): Answer =>
	() =>
		new Response(streamOf(...chunks));
const seat = (version: number, letter: string) => `id: ${version}\ndata: {"version":${version},"seats":[[3,"${letter}"]]}\n\n`;
const reset = (version: number) => `event: reset\nid: ${version}\ndata: {"version":${version}}\n\n`;
const problem =
	(status: number): Answer =>
	() =>
		new Response("{}", { status, headers: { "retry-after": "0", "content-type": "application/problem+json" } });

describe("watchSeats", () => {
	beforeEach(() => vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "Date"] }));
	afterEach(() => vi.useRealTimers());

	it("reads the map, tells each change once, and comes back to where it was when the stream breaks", async () => {
		const { asked, seen, end } = await watch(map(5, "AAAA"), streaming(seat(6, "H"), `${seat(8, "A")}data: {"ver`), streaming());
		expect(seen).toEqual([
			[5, "AAAA"],
			[6, [3, "H"]],
			[8, [3, "A"]],
		]);
		const stream = (since: number) => `/stream?since=${since}`;
		expect(asked).toEqual(["?view=status", stream(5), stream(8), stream(8)]);
		expect(end).toBe("ended");
	});

	it("reads the map each time while there is no stream to be had, and never without a pause", async () => {
		const startMs = Date.now();
		const { asked, seen } = await watch(map(5, "A"), problem(503), map(6, "H"), problem(429), map(7, "S"), streaming(seat(8, "A")));
		expect(seen).toEqual([
			[5, "A"],
			[6, "H"],
			[7, "S"],
			[8, [3, "A"]],
		]);
		expect(asked.slice(0, 4)).toEqual(["?view=status", "/stream?since=5", "?view=status", "/stream?since=6"]);
		// Although it was told to come back after 0 s.
		expect(Date.now() - startMs).toBeGreaterThanOrEqual(2 * 500);
	});

	it("passes on nothing more once it was told to end; the address may end with a slash", async () => {
		const leave = new AbortController();
		const [asked, seen]: [string[], number[]] = [[], []];
		const answers = [map(5, "A"), streaming(seat(6, "H") + seat(7, "S") + seat(8, "A"))];
		const client = createClient({
			baseUrl: "http://api.test/",
			retry: false,
			async fetch({ url }) {
				asked.push(url);
				return answers.shift()?.() ?? Response.error();
			},
		});
		await client.watchSeats({
			showtimeId: "s",
			signal: leave.signal,
			onMap: () => {},
			onSeats({ version }) {
				seen.push(version);
				leave.abort();
			},
		});
		expect(seen).toEqual([6]);
		expect(asked[1]).toBe("http://api.test/api/v1/showtimes/s/seats/stream?since=5");
	});

	it("reads the map anew at a reset, before any change that came meanwhile, and leaves out those that are in the map", async () => {
		let answer: (response: Response) => void = () => {};
		const slow = new Promise<Response>((resolve) => {
			answer = resolve;
		});
		setTimeout(async () => answer(await map(21, "AAAS")()), 50);
		const { asked, seen } = await watch(map(5, "AAAA"), streaming(reset(20) + seat(21, "S"), seat(22, "A")), () => slow);
		expect(asked.slice(0, 3)).toEqual(["?view=status", "/stream?since=5", "?view=status"]);
		expect(seen).toEqual([
			[5, "AAAA"],
			[21, "AAAS"],
			[22, [3, "A"]],
		]);
	});

	it("does not take a map that is older than the reset", async () => {
		const { asked, seen } = await watch(map(5, "AAAA"), streaming(reset(20), seat(21, "H")), map(19, "AAAS"), map(20, "AAAA"));
		expect(seen).toEqual([
			[5, "AAAA"],
			[20, "AAAA"],
		]);
		expect(asked).toEqual(["?view=status", "/stream?since=5", "?view=status", "?view=status", "/stream?since=20"]);
	});

	it("asks again for a map that could not be read", async () => {
		const broken: Answer = () => Promise.reject(new TypeError("fetch failed"));
		const { seen } = await watch(broken, problem(503), map(7, "A"), streaming(reset(9)), broken, map(9, "H"));
		expect(seen).toEqual([
			[7, "A"],
			[9, "H"],
		]);
	});

	it.each<[string, Answer[]]>([
		["the map", [problem(404)]],
		["the stream", [map(5, "A"), problem(404)]],
		["the map at a reset", [map(5, "A"), streaming(reset(9)), problem(404)]],
	])("gives up when it is refused %s for good", async (_what, answers) => {
		const { asked, end } = await watch(...answers);
		expect([asked.length, end]).toEqual([answers.length, "Error: the seats were answered 404"]);
	});

	it("rejects with what a callback throws", async () => {
		const client = createClient({ baseUrl: "http://api.test", fetch: async () => map(5, "A")() });
		const onMap = () => {
			throw new Error("no such element");
		};
		const watching = client.watchSeats({ showtimeId: "s", signal: new AbortController().signal, onMap, onSeats: () => {} });
		await expect(watching).rejects.toThrow("no such element");
	});
});
