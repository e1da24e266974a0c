import { request as openRequest } from "node:http";
import { Writable } from "node:stream";
import { waitUntil } from "@holdfast/testing";
import { pino } from "pino";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { databaseWithoutTables } from "../testing/provoke.ts";
import { bookingIn } from "../testing/read-answers.ts";
import { originOf } from "../testing/read-stream.ts";
import { newSession, sessionIn } from "../testing/sign-in.ts";
import { startTestApi, type TestApi, type TestApp } from "../testing/start-test-api.ts";

let api: TestApi;
let logged: TestApp;
let lines: string[] = [];
const sink = new Writable({
	write(chunk: Buffer, _encoding, done) {
		lines.push(chunk.toString());
		done();
	},
});
beforeAll(async () => {
	api = await startTestApi();
	const broken = "0191d3a0-0000-7000-8000-000000000001";
	logged = await api.startAnother({
		logger: pino({ level: "info" }, sink),
		wrapStore: (seatStore) => ({
			...seatStore,
			readBooking: (id) =>
				id === broken
					? Promise.reject(
							new Error("Failed query: select\nparams: ada@example.com", { cause: new Error("deadlock\nparams: ada@example.com") }),
						)
					: seatStore.readBooking(id),
		}),
	});
	lines = [];
});
afterAll(() => api.close());

/** Returns the log lines of requests. Opening a showtime during a request writes another line, without a request id. */
const loggedOutcomes = () =>
	lines
		.splice(0)
		.map((line) => JSON.parse(line))
		.filter(({ requestId }) => requestId !== undefined);

describe("the log line of an outcome", () => {
	it("names the route, the outcome, the status, the request and the duration", async () => {
		const [user, showtimeId] = [await api.newUser(), await api.newShowtime()];
		const held = await logged.hold(user, showtimeId, ["A1"], { "x-request-id": "request-0001" });
		await logged.hold(user, showtimeId, ["A1"]);
		await logged.call(`POST /bookings/${bookingIn(held).id}/confirm`, { token: user.token });
		await logged.call(`DELETE /bookings/${bookingIn(held).id}`, { token: user.token });
		expect(loggedOutcomes().map(({ route, outcome, status }) => [route, outcome, status])).toEqual([
			["POST /api/v1/bookings", "held", 201],
			["POST /api/v1/bookings", "seats_taken", 409],
			["POST /api/v1/bookings/:id/confirm", "confirmed", 200],
			["DELETE /api/v1/bookings/:id", "cancelled", 200],
		]);
		await logged.hold(user, showtimeId, ["A2"], { "x-request-id": "request-0002" });
		expect(loggedOutcomes()).toEqual([
			expect.objectContaining({ level: 30, requestId: "request-0002", ms: expect.any(Number), msg: "request completed" }),
		]);
	});

	it("is not written for a successful read", async () => {
		await logged.call("GET /movies");
		await logged.call("GET //livez");
		expect(lines).toEqual([]);
	});

	it("never contains a token, a password, an e-mail address or the parameters of a query", async () => {
		const body = { email: "ada@example.com", password: "correct horse battery", displayName: "Ada Lovelace" };
		const registered = await logged.call("POST /auth/register", { body });
		await logged.call("POST /auth/login", { body: { email: body.email, password: "wrong wrong" } });
		await logged.call("POST /auth/login", { body: { email: body.email } });
		const { accessToken } = Object(registered.body);
		await logged.call("GET /bookings/0191d3a0-0000-7000-8000-000000000001", { token: accessToken });
		await logged.call("GET /bookings?email=ada@example.com", { token: accessToken });
		expect(lines).toHaveLength(5);
		expect(lines.join()).not.toMatch(/ada@|correct horse|wrong wrong|Lovelace|eyJ/);
	});

	it("names the outcome of refreshing and signing out, a reused token included, and contains no token", async () => {
		lines = [];
		const { user, accessToken, refreshToken } = await newSession(api);
		const next = sessionIn(await logged.call("POST /auth/refresh", { body: { refreshToken } }));
		await logged.call("POST /auth/refresh", { body: { refreshToken } });
		await api.sql(`update refresh_families set rotated_at = now() - interval '1 minute' where user_id = '${user.id}'`);
		await logged.call("POST /auth/refresh", { body: { refreshToken } });
		await logged.call("POST /auth/refresh", { body: { refreshToken: next.refreshToken } });
		await logged.call("GET /auth/me", { token: accessToken });
		const other = await newSession(api);
		await logged.call("POST /auth/logout", { token: other.accessToken });
		const text = lines.join("");
		expect(loggedOutcomes().map(({ route, outcome, status }) => `${route} ${status} ${outcome}`)).toEqual([
			"POST /api/v1/auth/refresh 200 refreshed",
			"POST /api/v1/auth/refresh 200 refreshed_again",
			"POST /api/v1/auth/refresh 401 refresh_reused",
			"POST /api/v1/auth/refresh 401 refresh_refused",
			"GET /api/v1/auth/me 401 unauthenticated",
			"POST /api/v1/auth/logout 204 signed_out",
		]);
		for (const secret of [refreshToken, next.refreshToken, accessToken, next.accessToken, other.accessToken, other.refreshToken]) {
			for (const part of secret.split(".")) expect(text).not.toContain(part);
		}
		expect(text).not.toMatch(/eyJ|buyer-|@example/);
	});

	it("names a rate limit and a server error at sign-in without the e-mail address", async () => {
		const options = { rates: { authPerAccount: 1 }, logger: pino({ level: "info" }, sink) };
		const [strict, broken] = [
			await api.startAnother(options),
			await api.startAnother({ ...options, databaseUrl: databaseWithoutTables(api) }),
		];
		lines = [];
		const body = { email: "grace@example.com", password: "correct horse battery", displayName: "Grace Hopper" };
		await broken.call("POST /auth/register", { body });
		await strict.call("POST /auth/login", { body: { email: body.email, password: body.password } });
		const text = lines.join("");
		expect(loggedOutcomes()).toEqual([
			expect.objectContaining({ route: "POST /api/v1/auth/register", outcome: "internal", status: 500, requestId: expect.any(String) }),
			expect.objectContaining({ route: "POST /api/v1/auth/login", outcome: "too_many_requests", status: 429 }),
		]);
		expect(text).toContain("relation");
		expect(text).not.toMatch(/grace|Hopper|correct horse|scrypt|eyJ/i);
	});

	it("names the cause of a server error", async () => {
		const { token } = await api.newUser();
		await logged.call("GET /bookings/0191d3a0-0000-7000-8000-000000000001", { token });
		expect(loggedOutcomes().slice(-1)).toMatchObject([
			{ level: 50, outcome: "internal", status: 500, fault: { type: "Error", message: "deadlock", stack: expect.any(Array) } },
		]);
	});
});

describe("a client that disconnects before its answer", () => {
	it("still gets one log line and one count for its outcome", async () => {
		const [user, showtimeId] = [await api.newUser(), await api.newShowtime()];
		let openGate = () => {};
		const gate = new Promise<void>((resolve) => {
			openGate = resolve;
		});
		let isCalled = false;
		const slow = await api.startAnother({
			logger: pino({ level: "info" }, sink),
			wrapStore: (seatStore) => ({
				...seatStore,
				async placeHold(command) {
					isCalled = true;
					await gate;
					return seatStore.placeHold(command);
				},
			}),
		});
		const request = openRequest(`${await originOf(slow)}/api/v1/bookings`, {
			method: "POST",
			headers: { authorization: `Bearer ${user.token}`, "content-type": "application/json", "x-request-id": "request-0003" },
		});
		request.on("error", () => {});
		request.end(JSON.stringify({ showtimeId, seats: ["A1"] }));
		await waitUntil("the store to get the hold", () => isCalled);
		request.destroy();
		await waitUntil("the server to notice that the client disconnected", () => slow.app.requestsInFlight() === 0);
		lines = [];
		openGate();
		await waitUntil("the log line", () => lines.length > 0);
		expect(loggedOutcomes()).toEqual([
			expect.objectContaining({ route: "POST /api/v1/bookings", outcome: "held", requestId: "request-0003", hungUp: true }),
		]);
		const { payload } = await slow.app.inject("/metrics");
		expect(payload).toMatch(/^holdfast_outcomes_total\{operation="placeHold",outcome="held"\} 1$/m);
		expect(lines).toEqual([]);
	});
});
