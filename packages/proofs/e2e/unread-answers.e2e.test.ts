/** Forty connections pipeline requests for a large seat map and read none of the answers, while other clients send normal requests. */
import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { setTimeout as delay } from "node:timers/promises";
import type { ShowtimeId } from "@holdfast/domain";
import { byRunLength, waitUntil } from "@holdfast/testing";
import { afterAll, beforeAll, expect, it } from "vitest";
import { openTestStack, type TestStack, tally } from "./open-test-stack.ts";

const CONNECTIONS = 40;
/** Together more than IN_FLIGHT_MAX (25,000): without a limit per connection they would use it up, and other clients be refused. */
const REQUESTS_EACH = 700;
/** The number of normal requests that are sent at the same time. */
const CROWD = byRunLength({ short: 50, long: 200 });
/** The limit of the server per connection, `REQUESTS_AHEAD_MAX`. */
const AHEAD_MAX = 16;
const ANSWER_TIMEOUT_MS = 4_000;
/** Time for the server's periodic check, on a busy machine. */
const DROP_SLACK_MS = 30_000;
const HALL = { rows: 80, seatsPerRow: 100 };
const POLL_MS = 50;
const RSS_GROWTH_MAX_MB = 300;

let test: TestStack;
let showtimeId: ShowtimeId;
const sockets: Socket[] = [];
beforeAll(async () => {
	test = await openTestStack({
		ANSWER_TIMEOUT_MS: String(ANSWER_TIMEOUT_MS),
		LOG_LEVEL: "info",
	});
	const [first] = await test.showtimes(1, HALL);
	if (first === undefined) throw new Error("no showtime was inserted");
	showtimeId = first;
	await test.get(`/showtimes/${showtimeId}/seats`);
});
afterAll(async () => {
	for (const socket of sockets) socket.destroy();
	await test.close();
});

type Figures = { readonly inFlight: number; readonly rssMb: number; readonly dropped: number };

async function readFigures(): Promise<Figures> {
	const text = await (await fetch(`${test.stack.info.apiUrl}/metrics`)).text();
	const sum = (name: string) =>
		[...text.matchAll(new RegExp(`^${name}(?:\\{.*\\})? (\\d+)$`, "gm"))].reduce((total, [, value]) => total + Number(value), 0);
	return {
		inFlight: sum("holdfast_requests_in_flight"),
		rssMb: Math.round(sum("process_resident_memory_bytes") / 1024 / 1024),
		dropped: sum("holdfast_dropped_connections_total"),
	};
}

async function openUnreading(): Promise<void> {
	const { hostname, port } = new URL(test.stack.info.apiUrl);
	const socket = connect({ host: hostname, port: Number(port) });
	sockets.push(socket);
	socket.on("error", () => {});
	await once(socket, "connect");
	socket.pause();
	socket.write(`GET /api/v1/showtimes/${showtimeId}/seats HTTP/1.1\r\nhost: x\r\n\r\n`.repeat(REQUESTS_EACH));
}

it("the API answers every other client with 200 while 40 connections read none of 28,000 answers, and resets those 40", async () => {
	const [buyer] = await test.buyers(1);
	if (buyer === undefined) throw new Error("no buyer was inserted");
	const before = await readFigures();
	await Promise.all(Array.from({ length: CONNECTIONS }, openUnreading));
	const startMs = performance.now();

	const [figures, answers]: [Figures[], Awaited<ReturnType<TestStack["get"]>>[]] = [[], []];
	while (performance.now() - startMs < ANSWER_TIMEOUT_MS + DROP_SLACK_MS) {
		const crowd = Array.from({ length: CROWD }, () => test.get("/movies?limit=1"));
		const now = await readFigures();
		answers.push(...(await Promise.all([...crowd, test.get(`/showtimes/${showtimeId}`), buyer.map(showtimeId)])));
		figures.push(now);
		if (now.dropped >= CONNECTIONS) break;
		await delay(POLL_MS);
	}
	const tookMs = performance.now() - startMs;
	const [inFlightMax, rssMaxMb] = [Math.max(...figures.map(({ inFlight }) => inFlight)), Math.max(...figures.map(({ rssMb }) => rssMb))];
	console.log(
		`unread answers: at most ${inFlightMax} in flight, RSS ${before.rssMb} to ${rssMaxMb} MB, ${figures.at(-1)?.dropped} dropped ` +
			`in ${tookMs.toFixed(0)} ms; others: ${JSON.stringify(tally(answers))}`,
	);
	expect(tally(answers)).toEqual({ 200: answers.length });
	expect(inFlightMax).toBeLessThanOrEqual(CONNECTIONS * AHEAD_MAX + CROWD);
	expect(rssMaxMb - before.rssMb).toBeLessThan(RSS_GROWTH_MAX_MB);
	expect(await readFigures()).toMatchObject({ inFlight: 0, dropped: CONNECTIONS });
	await waitUntil(
		"the log to have a message for each dropped connection",
		() => test.readLog("api").split('"msg":"connection dropped"').length - 1 === CONNECTIONS,
	);
});
