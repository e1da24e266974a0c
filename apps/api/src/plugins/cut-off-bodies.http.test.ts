import { connect, type Socket } from "node:net";
import { Writable } from "node:stream";
import { waitUntil } from "@holdfast/testing";
import { pino } from "pino";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { originOf } from "../testing/read-stream.ts";
import { startTestApi, type TestApi, type TestUser } from "../testing/start-test-api.ts";

type Line = { readonly level: number; readonly msg: string; readonly route?: string; readonly outcome?: string; readonly status?: number };

let api: TestApi;
let port: number;
let user: TestUser;
let lines: Line[] = [];
const sink = new Writable({
	write(chunk: Buffer, _encoding, done) {
		lines.push(JSON.parse(chunk.toString()));
		done();
	},
});
beforeAll(async () => {
	api = await startTestApi({ logger: pino({ level: "info" }, sink), requestTimeoutMs: 1_000 });
	port = Number(new URL(await originOf(api)).port);
	user = await api.newUser();
});
afterAll(() => api.close());
beforeEach(() => {
	lines = [];
});

const CUT_SHORT = "The request ended before its body was complete. Nothing was changed; send the whole request again.";
const TOO_SLOW = "The request took too long to arrive. Nothing was changed; send it again on a new connection.";
const HALF = '{"email":"ada@example.com",';
const LOG_IN = "POST /api/v1/auth/login HTTP/1.1\r\nhost: api.test\r\ncontent-type: application/json\r\n";
const announced = `${LOG_IN}content-length: 100\r\n\r\n${HALF}`;
const chunked = `${LOG_IN}transfer-encoding: chunked\r\n\r\n${HALF.length.toString(16)}\r\n${HALF}\r\n`;
const inChunk = `${LOG_IN}transfer-encoding: chunked\r\n\r\n64\r\n${HALF}`;
const confirm = () =>
	`POST /api/v1/bookings/0191d3a0-0000-7000-8000-000000000001/confirm HTTP/1.1\r\nhost: api.test\r\nauthorization: Bearer ${user.token}\r\ncontent-type: application/json\r\ncontent-length: 2\r\n\r\n{`;

/** Sends bytes and, once the server reads the request, calls `leave`. Resolves to what the server sent until the connection closed. */
function cutOff(bytes: string, leave?: (socket: Socket) => void): Promise<string> {
	return new Promise((resolve) => {
		let received = "";
		const socket = connect({ host: "127.0.0.1", port }, () => {
			socket.write(bytes);
			if (leave !== undefined) waitUntil("the request to be read", () => api.app.requestsInFlight() > 0).then(() => leave(socket), resolve);
		});
		socket.on("data", (chunk) => {
			received += chunk.toString();
		});
		socket.on("close", () => resolve(received));
		socket.on("error", () => {});
	});
}

const requestIsLogged = () => waitUntil("the request to end and be logged", () => api.app.requestsInFlight() === 0 && lines.length > 0);
const metrics = async () => (await api.app.inject("/metrics")).payload;
/** Returns the number of answered requests in the metrics, by method, route and status. */
async function answersCounted(): Promise<Record<string, number>> {
	const counted = (await metrics()).matchAll(/^holdfast_http_requests_total\{([^}]*route="\/api[^}]*)\} (\d+)$/gm);
	return Object.fromEntries([...counted].map(([, labels, count]) => [labels, Number(count)]));
}
const serverErrorsCounted = async () => Object.keys(await answersCounted()).filter((labels) => labels.includes('status="5'));

/** Expects one log line for an invalid request, and no server error in the metrics. */
async function expectOneInvalidRequest(): Promise<void> {
	await requestIsLogged();
	expect(lines).toEqual([expect.objectContaining({ level: 30, msg: "request completed", outcome: "invalid_request", status: 400 })]);
	expect(lines[0]).not.toHaveProperty("hungUp");
	expect(await serverErrorsCounted()).toEqual([]);
}

const BODIES = [
	["with a content length", () => announced],
	["in chunks", () => chunked],
	["that ends in the middle of a chunk", () => inChunk],
	["on a route without a body", confirm],
] as const;

describe("a body that is cut off", () => {
	it.each(BODIES)(
		"a body %s is logged as client_aborted and not counted as answered when the client resets the connection",
		async (_what, bytes) => {
			const before = await answersCounted();
			await cutOff(bytes(), (socket) => socket.resetAndDestroy());
			await requestIsLogged();
			expect(lines).toEqual([expect.objectContaining({ level: 30, outcome: "client_aborted", hungUp: true })]);
			expect(await answersCounted()).toEqual(before);
			expect(await metrics()).toMatch(/^holdfast_outcomes_total\{operation="\w+",outcome="client_aborted"\} \d+$/m);
		},
	);

	it.each(BODIES)("a body %s is answered 400 when the client half-closes the connection", async (_what, bytes) => {
		const [head = "", body = ""] = (await cutOff(bytes(), (socket) => socket.end())).split("\r\n\r\n");
		expect(head).toMatch(/^HTTP\/1\.1 400 Bad Request\r\ncontent-type: application\/problem\+json/);
		expect(JSON.parse(body)).toMatchObject({ code: "invalid_request", status: 400, retryable: false, detail: CUT_SHORT });
		await expectOneInvalidRequest();
	});

	it.each(BODIES)("a body %s is answered 400 and not counted as a server error when it stalls", async (_what, bytes) => {
		const [head = "", body = ""] = (await cutOff(bytes())).split("\r\n\r\n");
		expect(head).toMatch(/^HTTP\/1\.1 400 Bad Request\r\ncontent-type: application\/problem\+json/);
		expect(JSON.parse(body)).toMatchObject({ code: "invalid_request", detail: TOO_SLOW });
		await expectOneInvalidRequest();
	});

	it("a body that is cut off after `Expect: 100-continue` is logged as client_aborted and not counted as a server error", async () => {
		await cutOff(`${LOG_IN}content-length: 100\r\nexpect: 100-continue\r\n\r\n`, (socket) => socket.resetAndDestroy());
		await requestIsLogged();
		expect(lines).toEqual([expect.objectContaining({ level: 30, outcome: "client_aborted" })]);
		expect(await serverErrorsCounted()).toEqual([]);
	});

	it.each([
		[
			"that is shorter than its content length, with another request behind it,",
			`${LOG_IN}content-length: 100\r\n\r\n${HALF}GET /livez HTTP/1.1\r\nhost: a\r\n\r\n`,
		],
		["with an invalid chunk size", `${LOG_IN}transfer-encoding: chunked\r\n\r\nzz\r\n{}\r\n0\r\n\r\n`],
		["with a chunk that is longer than its size", `${LOG_IN}transfer-encoding: chunked\r\n\r\n1\r\n{}\r\n0\r\n\r\n`],
	])("a body %s is answered 400 and not counted as a server error", async (_what, bytes) => {
		const [head = "", body = ""] = (await cutOff(bytes)).split("\r\n\r\n");
		expect(head).toMatch(/^HTTP\/1\.1 400 Bad Request/);
		expect(JSON.parse(body).code).toBe("invalid_request");
		await expectOneInvalidRequest();
	});
});

describe("a client that disconnects", () => {
	const READ = "GET /api/v1/movies HTTP/1.1\r\nhost: api.test\r\n\r\n";

	it("is not logged when it disconnects after its answer or during an event stream", async () => {
		const showtimeId = await api.newShowtime();
		const stream = `GET /api/v1/showtimes/${showtimeId}/seats/stream HTTP/1.1\r\nhost: api.test\r\n\r\n`;
		await api.call(`GET /showtimes/${showtimeId}/seats?view=status`);
		lines = [];
		for (const bytes of [READ, stream])
			await new Promise<void>((resolve) => {
				const socket = connect({ host: "127.0.0.1", port }, () => socket.write(bytes));
				socket.once("data", () => socket.resetAndDestroy());
				socket.on("close", () => resolve());
			});
		await waitUntil("the watcher to be removed", async () => / 0$/m.test((await metrics()).match(/^holdfast_watchers .*$/m)?.[0] ?? ""));
		expect(lines).toEqual([]);
		expect(await serverErrorsCounted()).toEqual([]);
	});

	it.each([
		[
			"logged as completed, with hungUp, when the stores answer",
			null,
			{ level: 30, msg: "request completed", outcome: "not_found", status: 404 },
		],
		[
			"logged as a server error when a store fails",
			"ECONNRESET",
			{ level: 50, msg: "request failed", outcome: "unavailable", status: 503 },
		],
	])("is %s when it disconnects before its answer", async (_what, code, line) => {
		const pendingReads: (() => void)[] = [];
		const slow = await api.startAnother({
			logger: pino({ level: "info" }, sink),
			wrapStore: (store) => ({
				...store,
				readBooking: () =>
					new Promise((resolve, reject) => {
						pendingReads.push(() => (code === null ? resolve(null) : reject(Object.assign(new Error("the store broke"), { code }))));
					}),
			}),
		});
		const to = Number(new URL(await originOf(slow)).port);
		lines = [];
		const head = `GET /api/v1/bookings/0191d3a0-0000-7000-8000-000000000001 HTTP/1.1\r\nhost: a\r\nauthorization: Bearer ${user.token}`;
		const socket = connect({ host: "127.0.0.1", port: to }, () => socket.write(`${head}\r\n\r\n`));
		await waitUntil("the store to get the read", () => pendingReads.length === 1);
		socket.resetAndDestroy();
		await waitUntil("the server to notice that the client disconnected", () => slow.app.requestsInFlight() === 0);
		for (const finish of pendingReads) finish();
		await waitUntil("the request to be logged", () => lines.length > 0);
		expect(lines).toEqual([expect.objectContaining({ ...line, hungUp: true })]);
	});
});
