import { request as openRequest } from "node:http";
import { waitUntil } from "@holdfast/testing";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { problemIn, type TestAnswer } from "../testing/read-answers.ts";
import { startTestApi, type TestApi, type TestApp, type TestUser } from "../testing/start-test-api.ts";

const BOUND = 3;
const BOOKING = "0191d3a0-0000-7000-8000-000000000001";
/** Routes that answer `overloaded` because of other limits: streams stay open and do not count as requests in flight. */
const OWN_LIMITS = ["streamSeats"];

let api: TestApi;
let user: TestUser;
let bounded: TestApp;
/** Reads of bookings that wait until the test finishes them. */
const waiting: (() => void)[] = [];
beforeAll(async () => {
	api = await startTestApi();
	user = await api.newUser();
	bounded = await api.startAnother({
		inFlightMax: BOUND,
		wrapStore: (seatStore) => ({
			...seatStore,
			readBooking: () => new Promise((resolve) => waiting.push(() => resolve(null))),
		}),
	});
});
afterAll(() => api.close());

const ask = () => bounded.call(`GET /bookings/${BOOKING}`, { token: user.token });

/** Starts `count` requests that stay in flight until `end` is called. */
async function inFlight(count: number): Promise<{ end(): Promise<TestAnswer[]> }> {
	const answers = Array.from({ length: count }, ask);
	await waitUntil("the requests to be in flight", () => waiting.length === count);
	return {
		end() {
			for (const finish of waiting.splice(0)) finish();
			return Promise.all(answers);
		},
	};
}

describe("503 overloaded", () => {
	it("answers 503 to the first request above the limit and to none below it", async () => {
		const crowd = await inFlight(BOUND);
		const refused = await ask();
		expect(problemIn(refused)).toMatchObject({ code: "overloaded", retryable: true });
		expect(refused.headers["retry-after"]).toBe("3");
		expect((await crowd.end()).map(({ status }) => status)).toEqual(Array(BOUND).fill(404));
		const again = await inFlight(BOUND);
		expect((await again.end()).map(({ status }) => status)).toEqual(Array(BOUND).fill(404));
	});

	it("answers 503 before it checks the token, the body or the route of a request", async () => {
		const crowd = await inFlight(BOUND);
		for (const request of ["GET /bookings", "POST /bookings", "GET //nowhere"])
			expect(problemIn(await bounded.call(request, request.startsWith("POST") ? { body: "{" } : {})).code).toBe("overloaded");
		await crowd.end();
	});

	it("is answered by exactly the operations that declare it", async () => {
		const full = await api.startAnother({ inFlightMax: 0 });
		const { paths } = Object((await api.call("GET //openapi.json")).body);
		const answers: string[] = [];
		for (const [path, operations] of Object.entries(paths)) {
			for (const [method, operation] of Object.entries(Object(operations))) {
				const { status, body } = await full.call(`${method.toUpperCase()} /${path.replaceAll(/\{\w+\}/g, BOOKING)}`);
				const isDeclared = JSON.stringify(Object(operation).responses["503"] ?? "").includes("#/components/examples/overloaded");
				const isRefused = status === 503 && Object(body).code === "overloaded";
				if (isRefused !== isDeclared && !OWN_LIMITS.includes(Object(operation).operationId)) answers.push(`${method} ${path} ${status}`);
			}
		}
		expect(answers).toEqual([]);
	});

	it("never answers 503 to health, liveness and metrics, and does not count them", async () => {
		const crowd = await inFlight(BOUND);
		for (const request of ["GET /health", "GET //livez"]) expect((await bounded.call(request)).status).toBe(200);
		const page = await bounded.app.inject({ url: "/metrics" });
		expect([page.statusCode, /^holdfast_requests_in_flight (\d+)$/m.exec(page.payload)?.[1]]).toEqual([200, String(BOUND)]);
		await crowd.end();
		expect(bounded.app.requestsInFlight()).toBe(0);
	});

	it("does not count a client that disconnected before its answer", async () => {
		const port = Number(new URL(await bounded.app.listen({ host: "127.0.0.1", port: 0 })).port);
		const impatient = openRequest({ port, path: `/api/v1/bookings/${BOOKING}`, headers: { authorization: `Bearer ${user.token}` } });
		impatient.on("error", () => {});
		impatient.end();
		await waitUntil("the request to be in flight", () => waiting.length === 1);
		expect(bounded.app.requestsInFlight()).toBe(1);
		impatient.destroy();
		await waitUntil("the request to end", () => bounded.app.requestsInFlight() === 0);
		for (const finish of waiting.splice(0)) finish();
	});
});
