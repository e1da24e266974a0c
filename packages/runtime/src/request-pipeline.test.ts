import type { IncomingMessage, ServerResponse } from "node:http";
import { setImmediate as turn } from "node:timers/promises";
import { afterEach, describe, expect, it, vi } from "vitest";
import { REQUESTS_AHEAD_MAX } from "./request-pipeline.ts";
import { openRawClient, type RawClient, requestsFor } from "./testing/raw-client.ts";
import { type GuardedServer, startGuardedServer } from "./testing/start-guarded-server.ts";

type Exchange = { readonly request: IncomingMessage; readonly response: ServerResponse };

let served: GuardedServer | undefined;
let client: RawClient | undefined;
afterEach(async () => {
	client?.destroy();
	await served?.close();
});

/** Starts a server whose requests wait until the test answers them, and connects a client. */
async function openParked(): Promise<{ started: Exchange[]; client: RawClient }> {
	const started: Exchange[] = [];
	served = await startGuardedServer((request, response) => started.push({ request, response }));
	client = openRawClient(served.port);
	return { started, client };
}

/** The numbers in the answers' bodies: each answer contains the path of its request. */
const answeredIn = (text: string): number[] => [...text.matchAll(/<(\d+)>/g)].map(([, place]) => Number(place));
const answer = ({ request, response }: Exchange): void => void response.end(`<${request.url?.slice(1)}>`);
const upTo = (count: number): number[] => Array.from({ length: count }, (_, place) => place);

describe("RequestPipeline", () => {
	it("starts sixteen requests of one connection, and the seventeenth when the first is answered", async () => {
		const { started, client } = await openParked();
		client.write(requestsFor(REQUESTS_AHEAD_MAX));
		await vi.waitFor(() => expect(started).toHaveLength(16));
		client.write(requestsFor(20, 16));
		for (let count = 16; count < 36; count += 1) {
			for (let turns = 0; turns < 20; turns += 1) await turn();
			expect(started).toHaveLength(count);
			const next = started[count - 16];
			if (next !== undefined) answer(next);
			await vi.waitFor(() => expect(started).toHaveLength(Math.min(count + 1, 36)));
		}
		for (const exchange of started) answer(exchange);
		await vi.waitFor(() => expect(answeredIn(client.received())).toEqual(upTo(36)));
	});

	it("holds the remaining requests of a chunk, and reads nothing more while sixteen requests are unanswered", async () => {
		const { started, client } = await openParked();
		client.write(requestsFor(20_000));
		await vi.waitFor(() => expect(started).toHaveLength(16));
		const [first] = started;
		const readBefore = first?.request.socket.bytesRead ?? 0;
		// Node reads chunks of 64 KiB.
		expect(readBefore).toBeLessThanOrEqual(64 * 1024);
		for (let turns = 0; turns < 50; turns += 1) await turn();
		expect(first?.request.socket.bytesRead).toBe(readBefore);
		expect(started).toHaveLength(16);
	});

	it("sends ten thousand answers in request order, with at most sixteen handlers running and ending in any order", async () => {
		let running = 0;
		let runningMax = 0;
		served = await startGuardedServer(async (request, response) => {
			running += 1;
			runningMax = Math.max(runningMax, running);
			const turns = Math.floor(Math.random() * 5);
			for (let turned = 0; turned < turns; turned += 1) await turn();
			running -= 1;
			response.end(`<${request.url?.slice(1)}>`);
		});
		client = openRawClient(served.port);
		client.write(requestsFor(10_000));
		await vi.waitFor(() => expect(answeredIn(client?.received() ?? "")).toHaveLength(10_000), 20_000);
		expect(answeredIn(client.received())).toEqual(upTo(10_000));
		expect(runningMax).toBeLessThanOrEqual(16);
		expect(served.drops).toEqual([]);
	});

	it("delivers pipelined bodies with a content length, chunked, after 100-continue, and in HTTP/1.0", async () => {
		served = await startGuardedServer((request, response) => {
			const chunks: Buffer[] = [];
			request.on("data", (chunk: Buffer) => chunks.push(chunk));
			request.on("end", () => {
				const text = `<${Buffer.concat(chunks).toString().trim()}>`;
				// Node keeps an HTTP/1.0 connection open only if the answer has a content length.
				response.setHeader("content-length", text.length).end(text);
			});
		});
		client = openRawClient(served.port);
		const body = (place: number) => `${place}`.padEnd(1_500);
		const kinds = [
			(place: number) => `POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 1500\r\n\r\n${body(place)}`,
			(place: number) => `POST / HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n5dc\r\n${body(place)}\r\n0\r\n\r\n`,
			(place: number) => `POST / HTTP/1.1\r\nhost: x\r\nexpect: 100-continue\r\ncontent-length: 1500\r\n\r\n${body(place)}`,
			(place: number) => `POST / HTTP/1.0\r\nconnection: keep-alive\r\ncontent-length: 1500\r\n\r\n${body(place)}`,
		];
		client.write(
			upTo(400)
				.map((place) => kinds[place % kinds.length]?.(place) ?? "")
				.join(""),
		);
		await vi.waitFor(() => expect(answeredIn(client?.received() ?? "")).toEqual(upTo(400)), 20_000);
		expect(client.received().match(/HTTP\/1\.1 100 Continue/g)).toHaveLength(100);
	});

	it("reads the rest of a large body that is still arriving when the sixteenth request starts", async () => {
		const parked: ServerResponse[] = [];
		served = await startGuardedServer((request, response) => {
			if (request.method === "GET") {
				parked.push(response);
				return;
			}
			let length = 0;
			request.on("data", (chunk: Buffer) => {
				length += chunk.length;
			});
			request.on("end", () => response.end(`<${length}>`));
		});
		client = openRawClient(served.port);
		client.write(`${requestsFor(15)}POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 1000000\r\n\r\n${"x".repeat(1_000_000)}`);
		await vi.waitFor(() => expect(parked).toHaveLength(15));
		for (const response of parked) response.end();
		await vi.waitFor(() => expect(answeredIn(client?.received() ?? "")).toEqual([1_000_000]));
	});

	it("never starts a held request after its connection has closed", async () => {
		const { started, client } = await openParked();
		client.write(requestsFor(100));
		await vi.waitFor(() => expect(started).toHaveLength(16));
		client.destroy();
		// The server does not read from this connection, so it notices the closed peer only when it writes.
		for (const exchange of started.slice(0, 3)) answer(exchange);
		await vi.waitFor(() => expect(started.every(({ response }) => response.closed)).toBe(true));
		expect(started.length).toBeLessThan(100);
		expect(started.length).toBeLessThanOrEqual(19);
	});
});

describe("whenAnswered", () => {
	it("whenAnswered refuses bytes that are not a request only after every request before them is answered", async () => {
		const { started, client } = await openParked();
		client.write(`${requestsFor(20)}GARBAGE\r\n\r\n`);
		await vi.waitFor(() => expect(started).toHaveLength(16));
		await vi.waitFor(() => {
			for (const exchange of started) if (!exchange.response.writableEnded) answer(exchange);
			expect(client.received()).toMatch(/400 Bad Request/);
		});
		expect(answeredIn(client.received())).toEqual(upTo(20));
		expect(
			client
				.received()
				.match(/HTTP\/1\.1 \d+/g)
				?.at(-1),
		).toBe("HTTP/1.1 400");
		await client.over;
	});

	it("whenAnswered refuses a malformed body at once if no earlier request waits", async () => {
		const { started, client } = await openParked();
		client.write("POST /0 HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n");
		await vi.waitFor(() => expect(client.received()).toMatch(/^HTTP\/1\.1 400 Bad Request/));
		expect(started).toHaveLength(1);
	});
});

describe("closeAfter", () => {
	it("closeAfter closes the requests that run behind the last answer, starts no held request, and reads no more requests", async () => {
		const { started, client } = await openParked();
		client.write(requestsFor(40));
		await vi.waitFor(() => expect(started).toHaveLength(16));
		const [stream, ...behind] = started;
		stream?.response.writeHead(200, { connection: "close" });
		stream?.response.write("<0>");
		if (stream !== undefined) served?.guard.closeAfter(stream.response);
		await vi.waitFor(() => expect(behind.every(({ response }) => response.closed)).toBe(true));
		client.write(requestsFor(10_000));
		await vi.waitFor(() => expect(client.received()).toMatch(/<0>/));
		const readBefore = stream?.request.socket.bytesRead;
		for (let turns = 0; turns < 50; turns += 1) await turn();
		expect([started.length, stream?.request.socket.bytesRead]).toEqual([16, readBefore]);
		stream?.response.end("<1>");
		await client.over;
		expect(answeredIn(client.received())).toEqual([0, 1]);
	});
});
