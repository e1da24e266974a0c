import { connect } from "node:net";
import { QueueFull } from "@holdfast/runtime";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { problemIn } from "../testing/read-answers.ts";
import { originOf } from "../testing/read-stream.ts";
import { startTestApi, type TestApi, type TestUser } from "../testing/start-test-api.ts";

let api: TestApi;
let user: TestUser;
let port: number;
beforeAll(async () => {
	api = await startTestApi();
	port = Number(new URL(await api.app.listen({ host: "127.0.0.1", port: 0 })).port);
	user = await api.newUser();
});
afterAll(() => api.close());

/** Sends these bytes. Resolves to what the server sent until it closed the connection. */
function exchange(to: number, bytes: string): Promise<string> {
	return new Promise((resolve, reject) => {
		let received = "";
		const socket = connect({ host: "127.0.0.1", port: to }, () => socket.write(bytes));
		socket.on("data", (chunk) => {
			received += chunk.toString();
		});
		socket.on("close", () => resolve(received));
		socket.on("error", reject);
	});
}

const post = (body: string, headers: Record<string, string> = {}) => api.call("POST /bookings", { token: user.token, body, headers });

describe("404 not_found", () => {
	it.each(["GET //", "GET //nowhere", "GET /nowhere?q=1", "PUT /bookings", "POST /movies", "DELETE /bookings"])(
		"answers 404 not_found to %s, which has no route",
		async (request) => {
			const problem = problemIn(await api.call(request, { token: user.token }));
			expect(problem).toMatchObject({
				code: "not_found",
				detail: "No route has this method and path. Nothing was changed; check both against the OpenAPI document.",
			});
			expect(problem.instance).not.toContain("?");
		},
	);

	it.each(["GET /movies/%00", "GET //%00", `GET /movies/${"x".repeat(101)}`])(
		"answers 404 not_found to %s, which names no resource",
		async (request) => {
			expect(problemIn(await api.call(request)).code).toBe("not_found");
		},
	);
});

describe("400 invalid_request", () => {
	it.each(["{", '{"seats": ["A1"', "A1", '{"__proto__": {}}', '{"a": 1}}', "\u0000"])(
		"answers 400 to the body %j, which is not JSON",
		async (body) => {
			expect(problemIn(await post(body))).toMatchObject({ code: "invalid_request", errors: [{ pointer: "" }] });
		},
	);

	it("answers 400 to a missing body on a route that requires one", async () => {
		expect(problemIn(await post("")).code).toBe("invalid_request");
		expect(problemIn(await api.call("POST /bookings", { token: user.token })).code).toBe("invalid_request");
		expect(problemIn(await post("null")).code).toBe("invalid_request");
		expect(problemIn(await post("[]")).code).toBe("invalid_request");
	});

	it("answers 400 instead of converting a number to text or text to a list", async () => {
		const problem = problemIn(await post(JSON.stringify({ showtimeId: 7, seats: "A1" })));
		expect(problem.errors?.map(({ pointer }) => pointer)).toEqual(["/showtimeId", "/seats"]);
	});

	it("points at a field with an escaped JSON Pointer", async () => {
		const problem = problemIn(await post(JSON.stringify({ showtimeId: "x", seats: ["A1"], "a/b~c": 1 })));
		expect(problem.errors).toEqual([{ pointer: "/a~1b~0c", message: "is not a field of this request" }]);
	});

	it("answers 400 to bytes that are not HTTP and closes the connection", async () => {
		const text = await exchange(port, "HOLD /seats\r\n\r\n");
		const [head = "", body = ""] = text.split("\r\n\r\n");
		expect(head).toMatch(/^HTTP\/1\.1 400 Bad Request\r\ncontent-type: application\/problem\+json/);
		expect(head).toMatch(/x-request-id: [0-9a-f-]{36}\r\nx-server-time: \d{4}-/);
		expect(JSON.parse(body)).toMatchObject({ code: "invalid_request", status: 400 });
	});
});

describe("a request that does not arrive completely in time", () => {
	const REQUEST = "POST /api/v1/auth/login HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\n";

	it.each([
		["the header section", REQUEST],
		["the body", `${REQUEST}content-length: 100\r\n\r\n{"email":`],
	])("is answered 400 and disconnected when %s stalls", async (_what, bytes) => {
		const impatient = await api.startAnother({ requestTimeoutMs: 300 });
		const to = Number(new URL(await originOf(impatient)).port);
		const startMs = performance.now();
		const [head = "", body = ""] = (await exchange(to, bytes)).split("\r\n\r\n");
		expect(head).toMatch(/^HTTP\/1\.1 400 Bad Request\r\ncontent-type: application\/problem\+json/);
		expect(JSON.parse(body)).toMatchObject({
			code: "invalid_request",
			detail: "The request took too long to arrive. Nothing was changed; send it again on a new connection.",
		});
		const tookMs = performance.now() - startMs;
		expect(tookMs).toBeGreaterThanOrEqual(300);
		expect(tookMs).toBeLessThan(5_000);
		expect(impatient.app.requestsInFlight()).toBe(0);
	});
});

describe("413 payload_too_large", () => {
	it("answers 413 to a body above 16 KiB and not to one of exactly 16 KiB", async () => {
		const of = (bytes: number) => post(JSON.stringify({ x: "x".repeat(bytes - 8) }));
		expect(problemIn(await of(16 * 1024 + 1)).code).toBe("payload_too_large");
		expect(problemIn(await of(16 * 1024)).code).toBe("invalid_request");
	});
});

describe("415 unsupported_media_type", () => {
	it.each(["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "application/xml", "json"])(
		"answers 415 to a body sent as %s",
		async (type) => {
			expect(problemIn(await post('{"seats":["A1"]}', { "content-type": type })).code).toBe("unsupported_media_type");
		},
	);

	it("accepts JSON that declares the charset UTF-8", async () => {
		const showtimeId = await api.newShowtime();
		const answer = await post(JSON.stringify({ showtimeId, seats: ["A1"] }), { "content-type": "application/json; charset=utf-8" });
		expect(answer.status).toBe(201);
	});
});

describe("500 internal", () => {
	it("answers 500 without any detail of the error", async () => {
		const broken = await api.startAnother({
			wrapStore: (seatStore) => ({
				...seatStore,
				readBooking: () => Promise.reject(new Error("relation holds broke at /srv/holdfast/secret.ts")),
			}),
		});
		const answer = await broken.call("GET /bookings/0191d3a0-0000-7000-8000-000000000001", { token: user.token });
		expect(problemIn(answer)).toMatchObject({ code: "internal", status: 500, retryable: false });
		expect(JSON.stringify([answer.body, answer.headers])).not.toMatch(/relation|secret|Error|stack|node_modules/);
	});
});

describe("503 busy", () => {
	it("answers 503 when a queue is full, such as the queue for password hashing", async () => {
		const crowded = await api.startAnother({
			wrapStore: (seatStore) => ({ ...seatStore, readBooking: () => Promise.reject(new QueueFull("64 tasks are waiting already")) }),
		});
		const answer = await crowded.call("POST /bookings/0191d3a0-0000-7000-8000-000000000001/confirm", { token: user.token });
		expect(problemIn(answer)).toMatchObject({ code: "busy", retryable: true });
	});
});

describe("every answer", () => {
	it("has the request id of the client if it is well formed, and a new one otherwise", async () => {
		const own = await api.call("GET //livez", { headers: { "x-request-id": "my-request_0001" } });
		expect(own.headers["x-request-id"]).toBe("my-request_0001");
		for (const odd of ["short", "x".repeat(65), "with space in it", "semi;colon;semi", 'quote"quote"']) {
			const answer = await api.call("GET //livez", { headers: { "x-request-id": odd } });
			expect(answer.headers["x-request-id"]).toMatch(/^[0-9a-f]{8}-[0-9a-f-]{27}$/);
		}
		const problem = await api.call("GET //nowhere", { headers: { "x-request-id": "my-request_0002" } });
		expect([problem.headers["x-request-id"], problemIn(problem).requestId]).toEqual(["my-request_0002", "my-request_0002"]);
	});

	it("has the server's time in x-server-time", async () => {
		const { headers } = await api.call("GET //livez");
		expect(headers["x-server-time"]).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
		expect(Math.abs(Date.parse(headers["x-server-time"] ?? "") - Date.now())).toBeLessThan(5_000);
	});
});

describe("a request that Node would reject by itself", () => {
	const send = (text: string) =>
		new Promise<string>((resolve, reject) => {
			let received = "";
			const socket = connect({ host: "127.0.0.1", port }, () => socket.write(text));
			socket.on("data", (chunk) => {
				received += chunk.toString();
			});
			socket.on("close", () => resolve(received));
			socket.on("error", reject);
		});

	it("is answered 400 like bytes that are not HTTP when an HTTP/1.1 request has no Host", async () => {
		const answer = await send("GET /livez HTTP/1.1\r\nconnection: close\r\n\r\n");
		expect(answer).toMatch(/^HTTP\/1\.1 400 Bad Request\r\ncontent-type: application\/problem\+json/);
		expect(JSON.parse(answer.split("\r\n\r\n")[1] ?? "")).toMatchObject({ code: "invalid_request", instance: "/" });
		expect(await send("GET /livez HTTP/1.0\r\n\r\n")).toMatch(/^HTTP\/1\.1 200 OK/);
	});

	it("is processed normally when its Expect header is unknown", async () => {
		expect(await send("GET /livez HTTP/1.1\r\nhost: x\r\nexpect: a-miracle\r\nconnection: close\r\n\r\n")).toMatch(/^HTTP\/1\.1 200 OK/);
	});
});
