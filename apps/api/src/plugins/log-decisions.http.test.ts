import { Writable } from "node:stream";
import { pino } from "pino";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { bookingIn } from "../testing/read-answers.ts";
import { startTestApi, type TestApi, type TestApp } from "../testing/start-test-api.ts";

let api: TestApi;
let logged: TestApp;
let lines: string[] = [];
beforeAll(async () => {
	api = await startTestApi();
	const sink = new Writable({
		write(chunk: Buffer, _encoding, done) {
			lines.push(chunk.toString());
			done();
		},
	});
	const broken = "0191d3a0-0000-7000-8000-000000000001";
	logged = await api.another({
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

/** Lines of requests; a showtime that is opened on the way has a line of its own. */
const decisions = () =>
	lines
		.splice(0)
		.map((line) => JSON.parse(line))
		.filter(({ requestId }) => requestId !== undefined);

describe("a decision", () => {
	it("is one line: what was asked, how it came out, for which request, how long it took", async () => {
		const [user, showtimeId] = [await api.newUser(), await api.newShowtime()];
		const held = await logged.hold(user, showtimeId, ["A1"], { "x-request-id": "request-0001" });
		await logged.hold(user, showtimeId, ["A1"]);
		await logged.call(`POST /bookings/${bookingIn(held).id}/confirm`, { token: user.token });
		await logged.call(`DELETE /bookings/${bookingIn(held).id}`, { token: user.token });
		expect(decisions().map(({ route, outcome, status }) => [route, outcome, status])).toEqual([
			["POST /api/v1/bookings", "held", 201],
			["POST /api/v1/bookings", "seats_taken", 409],
			["POST /api/v1/bookings/:id/confirm", "confirmed", 200],
			["DELETE /api/v1/bookings/:id", "cancelled", 200],
		]);
		await logged.hold(user, showtimeId, ["A2"], { "x-request-id": "request-0002" });
		expect(decisions()).toEqual([
			expect.objectContaining({ level: 30, requestId: "request-0002", ms: expect.any(Number), msg: "decided" }),
		]);
	});

	it("has no line when something was merely read", async () => {
		await logged.call("GET /movies");
		await logged.call("GET //livez");
		expect(lines).toEqual([]);
	});

	it("never shows a token, a password, an e-mail address or what a query was sent with", async () => {
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

	it("tells what broke, for a fault", async () => {
		const { token } = await api.newUser();
		await logged.call("GET /bookings/0191d3a0-0000-7000-8000-000000000001", { token });
		expect(decisions().slice(-1)).toMatchObject([
			{ level: 50, outcome: "internal", status: 500, fault: { type: "Error", message: "deadlock", stack: expect.any(Array) } },
		]);
	});
});
