import { EventEmitter } from "node:events";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { HEARTBEAT_EVERY_MS, openEventStream, UNSENT_BYTES_MAX } from "./event-stream.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** The parts of a node:http response that a stream uses. `writableLength` is the number of bytes that the client has not read. */
function fakeResponse() {
	const emitter = new EventEmitter();
	const written: string[] = [];
	const ends: string[] = [];
	const response = {
		writableLength: 0,
		on: emitter.on.bind(emitter) as never,
		writeHead: ((status: number, headers: object) => void written.push(`${status} ${JSON.stringify(headers)}`)) as never,
		write: (bytes: Buffer | string) => {
			written.push(String(bytes));
			return true;
		},
		end: (() => void ends.push("end")) as never,
		destroy: (() => void ends.push("destroy")) as never,
	};
	return { response, written, ends, emit: (event: string) => emitter.emit(event) };
}

function openOne() {
	const fake = fakeResponse();
	const endReasons: string[] = [];
	const stream = openEventStream(fake.response, { headers: { "x-request-id": "1" }, onEnd: (reason) => endReasons.push(reason) });
	return { ...fake, endReasons, stream };
}

describe("openEventStream", () => {
	it("sends headers that disable proxy buffering, and a reconnect delay", () => {
		const { written } = openOne();
		expect(JSON.parse(written[0]?.slice(4) ?? "")).toEqual({
			"x-request-id": "1",
			"content-type": "text/event-stream; charset=utf-8",
			"cache-control": "no-cache, no-transform",
			"x-accel-buffering": "no",
			connection: "close",
		});
		expect(written[1]).toMatch(/^retry: [1-5]\d{3}\n\n$/);
	});

	it(`sends a comment as heartbeat every ${HEARTBEAT_EVERY_MS} ms until it ends`, () => {
		const { written, stream } = openOne();
		vi.advanceTimersByTime(HEARTBEAT_EVERY_MS - 1);
		expect(written).toHaveLength(2);
		vi.advanceTimersByTime(1);
		expect(written.slice(2)).toEqual([": \n\n"]);
		stream.end();
		vi.advanceTimersByTime(10 * HEARTBEAT_EVERY_MS);
		expect(written).toHaveLength(3);
	});

	it(`sends to a client with ${UNSENT_BYTES_MAX} unsent bytes, and disconnects a client with one more`, () => {
		const { response, written, ends, endReasons, stream } = openOne();
		response.writableLength = UNSENT_BYTES_MAX;
		stream.send(Buffer.from("one"));
		response.writableLength += 1;
		stream.send(Buffer.from("two"));
		stream.send(Buffer.from("three"));
		expect([written.slice(2), ends, endReasons]).toEqual([["one"], ["destroy"], ["too_slow"]]);
		expect(vi.getTimerCount()).toBe(0);
	});

	it.each(["close", "error"])("ends once and leaves no timer when the connection emits %s", (event) => {
		const { written, endReasons, stream, emit } = openOne();
		emit(event);
		emit("close");
		stream.send(Buffer.from("late"));
		expect([endReasons, written.length, vi.getTimerCount()]).toEqual([["ended"], 2, 0]);
	});
});
