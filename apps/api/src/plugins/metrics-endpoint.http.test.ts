import { readFileSync } from "node:fs";
import { request as openRequest } from "node:http";
import { join } from "node:path";
import { waitUntil } from "@holdfast/testing";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { bookingIn } from "../testing/read-answers.ts";
import { originOf, readStream } from "../testing/read-stream.ts";
import { startTestApi, type TestApi, type TestApp } from "../testing/start-test-api.ts";

const NIL = "00000000-0000-7000-8000-000000000000";

let api: TestApi;
beforeAll(async () => {
	api = await startTestApi();
});
afterAll(() => api.close());

async function read(app: TestApp = api): Promise<(line: string) => number | null> {
	const { statusCode, headers, payload } = await app.app.inject({ url: "/metrics" });
	expect([statusCode, headers["content-type"], headers["cache-control"]]).toEqual([
		200,
		"text/plain; version=0.0.4; charset=utf-8",
		"no-store",
	]);
	const lines = new Map(
		payload.split("\n").map((line): [string, string] => [line.slice(0, line.lastIndexOf(" ")), line.slice(line.lastIndexOf(" ") + 1)]),
	);
	return (line) => (lines.has(line) ? Number(lines.get(line)) : null);
}

describe("GET /metrics", () => {
	it("reports the number of requests of each route by status, and their duration", async () => {
		const counted = await api.startAnother();
		const [user, showtimeId] = [await api.newUser(), await api.newShowtime()];
		await counted.hold(user, showtimeId, ["A1"]);
		await counted.hold(user, showtimeId, ["A1"]);
		await counted.call("GET /movies");
		await counted.call("GET //nowhere");
		const value = await read(counted);
		const bookings = 'method="POST",route="/api/v1/bookings"';
		expect(value(`holdfast_http_requests_total{${bookings},status="201"}`)).toBe(1);
		expect(value(`holdfast_http_requests_total{${bookings},status="409"}`)).toBe(1);
		expect(value('holdfast_http_requests_total{method="GET",route="/api/v1/movies",status="200"}')).toBe(1);
		expect(value('holdfast_http_requests_total{method="GET",route="unmatched",status="404"}')).toBe(1);
		expect(value(`holdfast_http_request_duration_seconds_count{${bookings}}`)).toBe(2);
		expect(value(`holdfast_http_request_duration_seconds_bucket{le="+Inf",${bookings}}`)).toBe(2);
		expect(value(`holdfast_http_request_duration_seconds_sum{${bookings}}`)).toBeGreaterThan(0);
		const upTo = ["0.001", "0.1", "10"].map((le) => value(`holdfast_http_request_duration_seconds_bucket{le="${le}",${bookings}}`) ?? -1);
		expect(upTo.toSorted((a, b) => a - b)).toEqual(upTo);
	});

	it("counts each hold once when it is placed and once when it is confirmed, whatever is repeated", async () => {
		const counted = await api.startAnother();
		const [user, showtimeId] = [await api.newUser(), await api.newShowtime()];
		const key = { "idempotency-key": "a-key" };
		const { id } = bookingIn(await counted.hold(user, showtimeId, ["A1"], key));
		for (const headers of [key, {}]) await counted.hold(user, showtimeId, ["A1"], headers);
		await counted.hold(user, showtimeId, ["A2"]);
		const confirm = () => counted.call(`POST /bookings/${id}/confirm`, { token: user.token });
		expect([(await confirm()).status, (await confirm()).status]).toEqual([200, 200]);
		const value = await read(counted);
		expect([value("holdfast_holds_placed_total"), value("holdfast_holds_confirmed_total")]).toEqual([2, 1]);
	});

	it("reports the outcomes of holds, confirms and cancels by name", async () => {
		const counted = await api.startAnother();
		const [user, showtimeId] = [await api.newUser(), await api.newShowtime()];
		const { id } = bookingIn(await counted.hold(user, showtimeId, ["A1"]));
		for (const seat of ["A1", "Z9"]) await counted.hold(user, showtimeId, [seat]);
		await counted.call(`POST /bookings/${id}/confirm`, { token: user.token });
		await counted.call(`DELETE /bookings/${id}`, { token: user.token });
		await counted.call(`POST /bookings/${id}/confirm`, { token: user.token });
		const value = await read(counted);
		const outcomes = [
			"placeHold,held",
			"placeHold,seats_taken",
			"placeHold,unknown_seats",
			"confirmBooking,confirmed",
			"confirmBooking,booking_state",
			"cancelBooking,cancelled",
		];
		for (const [operation, outcome] of outcomes.map((pair) => pair.split(",")))
			expect([operation, outcome, value(`holdfast_outcomes_total{operation="${operation}",outcome="${outcome}"}`)]).toEqual([
				operation,
				outcome,
				1,
			]);
		expect(value("holdfast_rebuilds_total")).toBe(1);
		expect(value("holdfast_failed_rebuilds_total")).toBe(0);
	});

	it("counts an answer whose client disconnected in the middle of it", async () => {
		const counted = await api.startAnother();
		const url = `${await originOf(counted)}/docs/js/scalar.js`;
		await new Promise<void>((resolve) => {
			const request = openRequest(url, { agent: false }, (response) => {
				response.once("data", () => {
					request.destroy();
					resolve();
				});
			});
			request.on("error", () => {});
			request.end();
		});
		await waitUntil("the request to be counted", async () => {
			const { payload } = await counted.app.inject("/metrics");
			return /^holdfast_http_requests_total\{.*scalar\.js.*\} 1$/m.test(payload);
		});
	});

	it("counts a stream as a request and leaves its duration out of the histogram", async () => {
		const counted = await api.startAnother();
		(await readStream(counted, await api.newShowtime())).close();
		expect((await counted.call(`GET /showtimes/${NIL}/seats/stream`)).status).toBe(404);
		const stream = 'method="GET",route="/api/v1/showtimes/:showtimeId/seats/stream"';
		const requests = async (status: number) => (await read(counted))(`holdfast_http_requests_total{${stream},status="${status}"}`);
		await waitUntil("the stream to be counted", async () => (await requests(200)) === 1);
		expect([await requests(404), (await read(counted))(`holdfast_http_request_duration_seconds_count{${stream}}`)]).toEqual([1, 1]);
	});

	it("returns only metrics that docs/operations.md lists", async () => {
		const { payload } = await api.app.inject("/metrics");
		const names = [...payload.matchAll(/^# HELP (holdfast_\w+)/gm)].map(([, name]) => name);
		expect(names.length).toBeGreaterThan(8);
		const text = readFileSync(join(import.meta.dirname, "../../../../docs/operations.md"), "utf8");
		expect(names.filter((name) => !text.includes(`\`${name}\``))).toEqual([]);
	});

	it("reports outbox depth, requests in flight, event loop lag and the number of workers", async () => {
		const before = (await read())("holdfast_outbox_entries") ?? Number.NaN;
		const [user, showtimeId] = [await api.newUser(), await api.newShowtime()];
		await api.call(`POST /bookings/${bookingIn(await api.hold(user, showtimeId, ["A1"])).id}/confirm`, { token: user.token });
		const value = await read();
		expect(value("holdfast_outbox_entries")).toBe(before + 1);
		expect(value("holdfast_settle_lag_seconds")).toBeGreaterThanOrEqual(0);
		await waitUntil("the lag to grow", async () => ((await read())("holdfast_settle_lag_seconds") ?? 0) > 0.05);
		expect(value("holdfast_requests_in_flight")).toBe(0);
		expect(value("holdfast_workers_heard")).toBe(1);
		expect(value("nodejs_eventloop_lag_p99_seconds")).toBeGreaterThan(0);
		expect(value("process_resident_memory_bytes")).toBeGreaterThan(0);
	});

	it("answers within its deadline when Redis does not answer", async () => {
		const stuck = await api.startAnother({ wrapStore: (seatStore) => ({ ...seatStore, outboxDepths: () => new Promise(() => {}) }) });
		const startMs = performance.now();
		expect((await read(stuck))("holdfast_outbox_entries")).toBeNaN();
		expect(performance.now() - startMs).toBeLessThan(2_000);
	});

	it("counts a failed rebuild", async () => {
		const failing = await api.startAnother({
			wrapStore: (seatStore) => ({ ...seatStore, claimShowtime: () => Promise.reject(new Error("broke")) }),
		});
		await failing.hold(await api.newUser(), await api.newShowtime(), ["A1"]);
		expect((await read(failing))("holdfast_failed_rebuilds_total")).toBe(1);
	});
});
