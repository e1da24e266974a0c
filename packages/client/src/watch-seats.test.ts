import { describe, expect, it } from "vitest";
import { readEvents } from "./read-events.ts";
import { watchSeats } from "./watch-seats.ts";

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

	it("may end their lines as HTTP does", async () => {
		expect(await eventsIn("data: x\r\n\r\n")).toEqual([{ event: "message", id: "", data: "x" }]);
	});
});

/** Answers in turn, then never again. */
async function watch(answers: (() => Response)[], since = 5) {
	const [asked, seen]: [string[], unknown[]] = [[], []];
	const abort = new AbortController();
	const watching = watchSeats({
		baseUrl: "http://api.test",
		showtimeId: "s/1",
		since,
		signal: abort.signal,
		onSeats: (delta) => seen.push(delta),
		onReset: (reset) => seen.push(["reset", reset]),
		async fetch(request) {
			asked.push(request.url.replace("http://api.test/api/v1", ""));
			const answer = answers[asked.length - 1];
			if (answer === undefined) {
				abort.abort();
				throw new TypeError("fetch failed");
			}
			return answer();
		},
	});
	return { asked, seen, end: await watching.then(() => "ended", String) };
}

const streaming =
	(...chunks: string[]) =>
	() =>
		new Response(streamOf(...chunks), { status: 200 });

describe("watchSeats", () => {
	it("tells each change once, and comes back to where it was when the stream breaks", async () => {
		const { asked, seen, end } = await watch([
			streaming('id: 6\ndata: {"version":6,"seats":[[3,"H"]]}\n\n', 'id: 8\ndata: {"version":8,"seats":[[3,"A"]]}\n\ndata: {"ver'),
			() => new Response("{}", { status: 503, headers: { "retry-after": "0" } }),
			streaming('event: reset\nid: 20\ndata: {"version":20}\n\n'),
		]);
		expect(seen).toEqual([{ version: 6, seats: [[3, "H"]] }, { version: 8, seats: [[3, "A"]] }, ["reset", { version: 20 }]]);
		const path = "/showtimes/s%2F1/seats/stream?since=";
		expect(asked).toEqual([`${path}5`, `${path}8`, `${path}8`, `${path}20`]);
		expect(end).toBe("ended");
	});

	it("gives up when it is refused for good", async () => {
		const { asked, end } = await watch([() => new Response("{}", { status: 404 })]);
		expect([asked.length, end]).toEqual([1, "Error: the stream of seats was answered 404"]);
	});
});
