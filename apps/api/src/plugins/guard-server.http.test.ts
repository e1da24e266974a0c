import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { createLogger } from "@holdfast/runtime";
import { waitUntil } from "@holdfast/testing";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { originOf, readStream } from "../testing/read-stream.ts";
import { startTestApi, type TestApi, type TestApp } from "../testing/start-test-api.ts";

const ANSWER_TIMEOUT_MS = 1_000;
/** A busy machine runs its timers late. */
const DROP_DEADLINE_MS = 15_000;
const BOOKING = "0191d3a0-0000-7000-8000-000000000001";

let api: TestApi;
const sockets: Socket[] = [];
beforeAll(async () => {
	api = await startTestApi();
});
afterEach(() => {
	for (const socket of sockets.splice(0)) socket.destroy();
});
afterAll(() => api.close());

/** Opens a connection. `text` returns what the server has sent on it. */
async function open(app: TestApp): Promise<{ socket: Socket; text: () => string }> {
	const socket = connect({ host: "127.0.0.1", port: Number(new URL(await originOf(app)).port) });
	sockets.push(socket);
	let text = "";
	socket.on("data", (chunk) => {
		text += chunk.toString("latin1");
	});
	socket.on("error", () => {});
	await once(socket, "connect");
	return { socket, text: () => text };
}

/** Starts an app whose reads of bookings wait in `parked` until the test finishes them. `request` is a request for a booking. */
async function openParked(options: { requestTimeoutMs?: number } = {}) {
	const parked: (() => void)[] = [];
	const app = await api.startAnother({
		...options,
		wrapStore: (seatStore) => ({ ...seatStore, readBooking: () => new Promise((resolve) => parked.push(() => resolve(null))) }),
	});
	const { token } = await api.newUser();
	const request = `GET /api/v1/bookings/${BOOKING} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${token}\r\n\r\n`;
	return { app, parked, request };
}

const statuses = (text: string): string[] => [...text.matchAll(/HTTP\/1\.1 (\d{3})/g)].map(([, status = ""]) => status);

async function droppedBy(app: TestApp, reason: string): Promise<number> {
	const { payload } = await app.app.inject("/metrics");
	return Number(new RegExp(`^holdfast_dropped_connections_total\\{reason="${reason}"\\} (\\d+)$`, "m").exec(payload)?.[1]);
}

describe("requests pipelined on one connection", () => {
	it("sixteen requests of one connection are in flight at most", async () => {
		const { app, parked, request } = await openParked();
		const { socket, text } = await open(app);
		socket.write(request.repeat(100));
		await waitUntil("sixteen requests to run", () => parked.length === 16);
		expect(app.app.requestsInFlight()).toBe(16);
		parked[0]?.();
		await waitUntil("the seventeenth request to run", () => parked.length === 17);
		expect(app.app.requestsInFlight()).toBe(16);
		await waitUntil("all requests to be answered", () => {
			for (const finish of parked) finish();
			return statuses(text()).length === 100;
		});
		expect(app.app.requestsInFlight()).toBe(0);
	});

	it("no request stays in flight after the connection breaks", async () => {
		const { app, parked, request } = await openParked();
		const { socket } = await open(app);
		socket.write(request.repeat(10));
		await waitUntil("ten requests to run", () => parked.length === 10);
		socket.destroy();
		await waitUntil("no request to be in flight", () => app.app.requestsInFlight() === 0);
	});

	it.each([
		["a request that is not HTTP", "HOLD /seats\r\n\r\n"],
		["a request without a host", "GET /livez HTTP/1.1\r\nconnection: close\r\n\r\n"],
		["a request that stalls", "GET /livez HTTP/1.1\r\n"],
	])("are answered before %s behind them is refused", async (_what, bytes) => {
		const { app, parked, request } = await openParked({ requestTimeoutMs: 300 });
		const { socket, text } = await open(app);
		socket.write(request.repeat(3) + bytes);
		await waitUntil("three requests to run", () => parked.length === 3);
		// Longer than the request timeout plus the interval at which the server checks it.
		await new Promise((resolve) => setTimeout(resolve, 2_500));
		expect(text()).toBe("");
		for (const finish of parked) finish();
		await once(socket, "close");
		expect(statuses(text())).toEqual(["404", "404", "404", "400"]);
	});

	it("pipelined requests behind an open stream are not processed and leave none in flight", async () => {
		const { app, parked, request } = await openParked();
		const showtimeId = await api.newShowtime();
		const { socket, text } = await open(app);
		socket.write(`GET /api/v1/showtimes/${showtimeId}/seats/stream HTTP/1.1\r\nhost: x\r\n\r\n${request.repeat(100)}`);
		await waitUntil("the stream to open", () => text().includes("retry: "));
		await waitUntil("no request to be in flight", () => app.app.requestsInFlight() === 0);
		expect(parked.length).toBeLessThan(16);
		expect(statuses(text())).toEqual(["200"]);
		for (const finish of parked) finish();
		socket.destroy();
	});
});

describe("the answer timeout", () => {
	it("drops a client that does not accept its answer after ANSWER_TIMEOUT_MS, counts it, and logs it without its address", async () => {
		const lines: string[] = [];
		const logger = createLogger("api", "info");
		const app = await api.startAnother({
			answerTimeoutMs: ANSWER_TIMEOUT_MS,
			logger: Object.assign(Object.create(logger), {
				info: (fields: unknown, message: unknown) => lines.push(JSON.stringify([message, fields])),
			}),
		});
		const showtimeId = await api.newShowtime({ rows: 120, seatsPerRow: 100 });
		const { socket } = await open(app);
		socket.pause();
		socket.write(`GET /api/v1/showtimes/${showtimeId}/seats HTTP/1.1\r\nhost: x\r\n\r\n`.repeat(40));
		await waitUntil("the connection to be dropped", async () => (await droppedBy(app, "answer_not_accepted")) === 1, DROP_DEADLINE_MS);
		expect(app.app.requestsInFlight()).toBe(0);
		const [line = "[]", ...others] = lines.filter((text) => text.includes("connection dropped"));
		expect(others).toEqual([]);
		expect(JSON.parse(line)).toEqual([
			"connection dropped",
			{
				reason: "answer_not_accepted",
				waitingBytes: expect.any(Number),
				queuedBytes: expect.any(Number),
				heldRequests: expect.any(Number),
			},
		]);
	});

	it("keeps a client that waits for a slow request, and a client that watches seats without changes", async () => {
		const { token } = await api.newUser();
		const parked: (() => void)[] = [];
		const app = await api.startAnother({
			answerTimeoutMs: ANSWER_TIMEOUT_MS,
			wrapStore: (seatStore) => ({ ...seatStore, readBooking: () => new Promise((resolve) => parked.push(() => resolve(null))) }),
		});
		const stream = await readStream(app, await api.newShowtime());
		stream.pause();
		const { socket, text } = await open(app);
		socket.write(`GET /api/v1/bookings/${BOOKING} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${token}\r\n\r\n`);
		await waitUntil("the request to run", () => parked.length === 1);
		await new Promise((resolve) => setTimeout(resolve, 3 * ANSWER_TIMEOUT_MS));
		expect(await droppedBy(app, "answer_not_accepted")).toBe(0);
		expect(stream.hasEnded()).toBe(false);
		for (const finish of parked) finish();
		await waitUntil("the answer", () => statuses(text())[0] === "404");
		stream.close();
	});
});
