import type { ServerResponse } from "node:http";
import { setTimeout as delay } from "node:timers/promises";
import { afterEach, describe, expect, it, vi } from "vitest";
import type { GuardOptions } from "./guard-connections.ts";
import { openRawClient, type RawClient, requestsFor } from "./testing/raw-client.ts";
import { type GuardedServer, startGuardedServer } from "./testing/start-guarded-server.ts";

const ANSWER_TIMEOUT_MS = 600;
/** More than the kernel buffers of both ends can take on loopback. */
const LARGE = Buffer.alloc(12 * 1024 * 1024, "x");
/** Long, because timers run late on a busy machine. */
const DROP_DEADLINE = { timeout: 15_000, interval: 50 };

let served: GuardedServer;
const clients: RawClient[] = [];
afterEach(async () => {
	for (const client of clients.splice(0)) client.destroy();
	await served.close();
});

async function start(listener: Parameters<typeof startGuardedServer>[0], options: Partial<GuardOptions> = {}): Promise<void> {
	served = await startGuardedServer(listener, { answerTimeoutMs: ANSWER_TIMEOUT_MS, ...options });
}

function open(options: Parameters<typeof openRawClient>[1] = {}): RawClient {
	const client = openRawClient(served.port, options);
	clients.push(client);
	return client;
}

const reasons = (): string[] => served.drops.map(({ reason }) => reason);
const connectionCount = (): Promise<number> =>
	new Promise((resolve, reject) => served.server.getConnections((error, count) => (error ? reject(error) : resolve(count))));

describe("the guard, when a client does not accept its answer,", () => {
	it.each([
		["reads nothing", (client: RawClient) => client.write(requestsFor(1))],
		[
			"reads nothing and has sent FIN",
			(client: RawClient) => {
				client.write(requestsFor(1));
				client.halfClose();
			},
		],
		["goes on sending requests", (client: RawClient) => client.write(requestsFor(1_000))],
	])("resets the connection after the timeout if the client %s", async (_what, act) => {
		await start((request, response) => response.end(request.url === "/0" ? LARGE : "small"));
		act(open({ bytesPerSecond: 0 }));
		const startMs = performance.now();
		await vi.waitFor(() => expect(reasons()).toEqual(["answer_not_accepted"]), DROP_DEADLINE);
		expect(performance.now() - startMs).toBeGreaterThanOrEqual(ANSWER_TIMEOUT_MS);
		expect(served.drops[0]?.waitingBytes).toBeGreaterThan(0);
		expect(served.guard.dropped()).toMatchObject({ answer_not_accepted: 1 });
		await vi.waitFor(async () => expect(await connectionCount()).toBe(0));
	});

	it("resets the connection even if the client sends a byte now and then", async () => {
		await start((_request, response) => response.end(LARGE));
		const client = open({ bytesPerSecond: 0 });
		client.write(requestsFor(1));
		const trickle = setInterval(() => client.write("G"), 100);
		await vi.waitFor(() => expect(reasons()).toEqual(["answer_not_accepted"]), DROP_DEADLINE).finally(() => clearInterval(trickle));
	});

	it("resets a connection whose client does not accept the events of a stream", async () => {
		await start((_request, response) => {
			response.writeHead(200, { connection: "close" });
			const timer = setInterval(() => response.write(LARGE.subarray(0, 1024 * 1024)), 20);
			response.on("close", () => clearInterval(timer));
		});
		open({ bytesPerSecond: 0 }).write(requestsFor(1));
		await vi.waitFor(() => expect(reasons()).toEqual(["answer_not_accepted"]), DROP_DEADLINE);
	});

	it("keeps the connections of other clients", async () => {
		await start((request, response) => response.end(request.url === "/0" ? LARGE : "small"));
		open({ bytesPerSecond: 0 }).write(requestsFor(1));
		const other = open();
		other.write(requestsFor(1, 1));
		await vi.waitFor(() => expect(reasons()).toEqual(["answer_not_accepted"]), DROP_DEADLINE);
		other.write(requestsFor(1, 2));
		await vi.waitFor(() => expect(other.received().match(/small/g)).toHaveLength(2));
	});
});

describe("the guard, when a client accepts what it is sent,", () => {
	it("keeps a slow reader of a large answer, even if it frees less than a third of the send buffer within the timeout", async () => {
		await start((_request, response) => response.end(LARGE));
		const client = open({ bytesPerSecond: 500_000 });
		client.write(requestsFor(1));
		await delay(6 * ANSWER_TIMEOUT_MS);
		expect(reasons()).toEqual([]);
		expect(client.received().length).toBeGreaterThan(500_000);
		client.destroy();
	});

	it("keeps a client whose request still runs, and a client whose stream has no events", async () => {
		const parked: ServerResponse[] = [];
		await start((request, response) => {
			parked.push(response);
			if (request.url === "/1") response.writeHead(200, { connection: "close" }).write("quiet");
		});
		const [slow, quiet] = [open(), open({ bytesPerSecond: 0 })];
		slow.write(requestsFor(1));
		quiet.write(requestsFor(1, 1));
		await vi.waitFor(() => expect(parked).toHaveLength(2));
		await delay(3 * ANSWER_TIMEOUT_MS);
		expect(reasons()).toEqual([]);
		for (const response of parked) response.end("at last");
		await vi.waitFor(() => expect(slow.received()).toMatch(/at last$/));
	});

	it("keeps a client whose answers wait behind a request that still runs", async () => {
		const parked: ServerResponse[] = [];
		await start((request, response) => (request.url === "/0" ? parked.push(response) : response.end("ready")));
		const client = open();
		client.write(requestsFor(16));
		await vi.waitFor(() => expect(parked).toHaveLength(1));
		await delay(3 * ANSWER_TIMEOUT_MS);
		expect(reasons()).toEqual([]);
		parked[0]?.end();
		await vi.waitFor(() => expect(client.received().match(/ready/g)).toHaveLength(15));
	});
});

describe("the guard, when answers are queued behind the answer being sent,", () => {
	const BODY = "x".repeat(10_000);

	/**
	 * Queues four answers behind one that does not end. `boundOf` computes the limit from the length of one answer, headers included: that
	 * is what the guard counts.
	 */

	async function queue(boundOf: (answerLength: number) => number): Promise<{ client: RawClient; parked: ServerResponse[] }> {
		await start((_request, response) => response.end(BODY));
		const probe = open();
		probe.write(requestsFor(1, 1));
		await vi.waitFor(() => expect(probe.received()).toMatch(/x{10000}$/));
		const answerLength = probe.received().length;
		await served.close();
		const parked: ServerResponse[] = [];
		await start((request, response) => (request.url === "/0" ? parked.push(response) : response.end(BODY)), {
			queuedAnswerBytesMax: boundOf(answerLength),
		});
		const client = open();
		client.write(requestsFor(5));
		await vi.waitFor(() => expect(parked).toHaveLength(1));
		return { client, parked };
	}

	it("keeps a connection whose queued answers, without the largest, have exactly as many bytes as the limit", async () => {
		const { client, parked } = await queue((answerLength) => 3 * answerLength);
		await delay(3 * ANSWER_TIMEOUT_MS);
		expect(reasons()).toEqual([]);
		parked[0]?.end("first");
		await vi.waitFor(() => expect(client.received().match(/x{10000}/g)).toHaveLength(4));
	});

	it("resets a connection whose queued answers, without the largest, have one byte more than the limit", async () => {
		const { client } = await queue((answerLength) => 3 * answerLength - 1);
		await vi.waitFor(() => expect(reasons()).toEqual(["answers_queued"]), DROP_DEADLINE);
		expect(served.drops[0]?.waitingBytes).toBe(0);
		await client.over;
	});

	it("never resets a connection for the size of a single answer, sent or queued", async () => {
		await start((_request, response) => response.end(LARGE), { queuedAnswerBytesMax: 0 });
		const client = open({ bytesPerSecond: 500_000 });
		client.write(requestsFor(2));
		await delay(3 * ANSWER_TIMEOUT_MS);
		expect(reasons()).toEqual([]);
		client.destroy();
	});
});

describe("the guard, when requests are held,", () => {
	it("holds as many requests of all connections together as the limit, and resets the connection of the next one", async () => {
		const parked: ServerResponse[] = [];
		await start((_request, response) => parked.push(response), { heldRequestsMax: 10 });
		const [first, second, single] = [open(), open(), open()];
		first.write(requestsFor(16 + 6));
		second.write(requestsFor(16 + 4));
		await vi.waitFor(() => expect(parked).toHaveLength(32));
		expect(reasons()).toEqual([]);
		second.write("");
		const third = open();
		third.write(requestsFor(16 + 1));
		await third.over;
		expect(served.drops).toEqual([expect.objectContaining({ reason: "requests_held", heldRequests: 1 })]);
		single.write(requestsFor(1));
		await vi.waitFor(() => expect(parked).toHaveLength(32 + 16 + 1));
		expect(await connectionCount()).toBe(3);
		expect(served.guard.dropped().requests_held).toBe(1);
	});

	it("does not count held requests that have started or whose connection is closed", async () => {
		const parked: ServerResponse[] = [];
		await start((_request, response) => parked.push(response), { heldRequestsMax: 10 });
		const first = open();
		first.write(requestsFor(16 + 10));
		await vi.waitFor(() => expect(parked).toHaveLength(16));
		first.destroy();
		// The server does not read from this connection, so it notices the closed peer only when it writes.
		for (const response of parked) response.end(LARGE);
		await vi.waitFor(async () => expect(await connectionCount()).toBe(0), DROP_DEADLINE);
		const second = open();
		second.write(requestsFor(16 + 10));
		await vi.waitFor(() => expect(parked.length).toBeGreaterThanOrEqual(32));
		expect(reasons()).not.toContain("requests_held");
	});
});
