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

const CUT_SHORT = "The request ended before its body was complete. Nothing was done.";
const HALF = '{"email":"ada@example.com",';
const LOG_IN = "POST /api/v1/auth/login HTTP/1.1\r\nhost: api.test\r\ncontent-type: application/json\r\n";
const announced = `${LOG_IN}content-length: 100\r\n\r\n${HALF}`;
const chunked = `${LOG_IN}transfer-encoding: chunked\r\n\r\n${HALF.length.toString(16)}\r\n${HALF}\r\n`;
const inChunk = `${LOG_IN}transfer-encoding: chunked\r\n\r\n64\r\n${HALF}`;
const confirm = () =>
	`POST /api/v1/bookings/0191d3a0-0000-7000-8000-000000000001/confirm HTTP/1.1\r\nhost: api.test\r\nauthorization: Bearer ${user.token}\r\ncontent-type: application/json\r\ncontent-length: 2\r\n\r\n{`;

/** Send bytes, let the server read them, then end the connection as `leave` does. Gives what came back until it was closed. */
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

const toEnd = () => waitUntil("the request to be over and logged", () => api.app.requestsInFlight() === 0 && lines.length > 0);
const metrics = async () => (await api.app.inject("/metrics")).payload;
/** Requests counted as answered to these routes, by status. */
async function answersCounted(): Promise<Record<string, number>> {
	const counted = (await metrics()).matchAll(/^holdfast_http_requests_total\{([^}]*route="\/api[^}]*)\} (\d+)$/gm);
	return Object.fromEntries([...counted].map(([, labels, count]) => [labels, Number(count)]));
}
const faultsCounted = async () => Object.keys(await answersCounted()).filter((labels) => labels.includes('status="5'));

/** The request is over: logged once, as the client's mistake, and counted as no fault of ours. */
async function expectOneRefusal(): Promise<void> {
	await toEnd();
	expect(lines).toEqual([expect.objectContaining({ level: 30, msg: "decided", outcome: "invalid_request", status: 400 })]);
	expect(lines[0]).not.toHaveProperty("hungUp");
	expect(await faultsCounted()).toEqual([]);
}

const BODIES = [
	["of an announced length", () => announced],
	["in chunks", () => chunked],
	["in the middle of a chunk", () => inChunk],
	["that must be empty", confirm],
] as const;

describe("a body that stops half-way", () => {
	it.each(BODIES)(
		"is logged as a client that left, and counted as no answer, when the client resets the connection: %s",
		async (_what, bytes) => {
			const before = await answersCounted();
			await cutOff(bytes(), (socket) => socket.resetAndDestroy());
			await toEnd();
			expect(lines).toEqual([expect.objectContaining({ level: 30, outcome: "client_aborted", hungUp: true })]);
			expect(await answersCounted()).toEqual(before);
			expect(await metrics()).toMatch(/^holdfast_outcomes_total\{operation="\w+",outcome="client_aborted"\} \d+$/m);
		},
	);

	it.each(BODIES)("is answered 400 when the client only ends its own side and still listens: %s", async (_what, bytes) => {
		const [head = "", body = ""] = (await cutOff(bytes(), (socket) => socket.end())).split("\r\n\r\n");
		expect(head).toMatch(/^HTTP\/1\.1 400 Bad Request\r\ncontent-type: application\/problem\+json/);
		expect(JSON.parse(body)).toMatchObject({ code: "invalid_request", status: 400, retryable: false, detail: CUT_SHORT });
		await expectOneRefusal();
	});

	it.each(BODIES)("is answered 400 when it stalls, and counted as no fault: %s", async (_what, bytes) => {
		const [head = "", body = ""] = (await cutOff(bytes())).split("\r\n\r\n");
		expect(head).toMatch(/^HTTP\/1\.1 400 Bad Request\r\ncontent-type: application\/problem\+json/);
		expect(JSON.parse(body)).toMatchObject({ code: "invalid_request", detail: "The request took too long to arrive. Nothing was done." });
		await expectOneRefusal();
	});

	it("is no fault after `Expect: 100-continue` either", async () => {
		await cutOff(`${LOG_IN}content-length: 100\r\nexpect: 100-continue\r\n\r\n`, (socket) => socket.resetAndDestroy());
		await toEnd();
		expect(lines).toEqual([expect.objectContaining({ level: 30, outcome: "client_aborted" })]);
		expect(await faultsCounted()).toEqual([]);
	});

	it.each([
		[
			"shorter than announced, with another request behind it",
			`${LOG_IN}content-length: 100\r\n\r\n${HALF}GET /livez HTTP/1.1\r\nhost: a\r\n\r\n`,
		],
		["with a chunk size that is none", `${LOG_IN}transfer-encoding: chunked\r\n\r\nzz\r\n{}\r\n0\r\n\r\n`],
		["with a chunk that is longer than it says", `${LOG_IN}transfer-encoding: chunked\r\n\r\n1\r\n{}\r\n0\r\n\r\n`],
	])("is answered 400 and counted as no fault when it is %s", async (_what, bytes) => {
		const [head = "", body = ""] = (await cutOff(bytes)).split("\r\n\r\n");
		expect(head).toMatch(/^HTTP\/1\.1 400 Bad Request/);
		expect(JSON.parse(body).code).toBe("invalid_request");
		await expectOneRefusal();
	});
});

describe("a client that leaves", () => {
	const READ = "GET /api/v1/movies HTTP/1.1\r\nhost: api.test\r\n\r\n";

	it("after its answer, or in the middle of an event stream, is not logged", async () => {
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
		await waitUntil("the watcher to be let go", async () => / 0$/m.test((await metrics()).match(/^holdfast_watchers .*$/m)?.[0] ?? ""));
		expect(lines).toEqual([]);
		expect(await faultsCounted()).toEqual([]);
	});

	it.each([
		["is logged as decided, with hungUp, when the stores answer", null, { level: 30, msg: "decided", outcome: "not_found", status: 404 }],
		["stays a fault of ours when a store fails meanwhile", "ECONNRESET", { level: 50, msg: "fault", outcome: "unavailable", status: 503 }],
	])("while its request is served %s", async (_what, code, line) => {
		const asked: (() => void)[] = [];
		const slow = await api.another({
			logger: pino({ level: "info" }, sink),
			wrapStore: (store) => ({
				...store,
				readBooking: () =>
					new Promise((resolve, reject) => {
						asked.push(() => (code === null ? resolve(null) : reject(Object.assign(new Error("the store broke"), { code }))));
					}),
			}),
		});
		const to = Number(new URL(await originOf(slow)).port);
		lines = [];
		const head = `GET /api/v1/bookings/0191d3a0-0000-7000-8000-000000000001 HTTP/1.1\r\nhost: a\r\nauthorization: Bearer ${user.token}`;
		const socket = connect({ host: "127.0.0.1", port: to }, () => socket.write(`${head}\r\n\r\n`));
		await waitUntil("the store to be asked", () => asked.length === 1);
		socket.resetAndDestroy();
		await waitUntil("the client to be gone", () => slow.app.requestsInFlight() === 0);
		for (const settle of asked) settle();
		await waitUntil("the decision to be logged", () => lines.length > 0);
		expect(lines).toEqual([expect.objectContaining({ ...line, hungUp: true })]);
	});
});
