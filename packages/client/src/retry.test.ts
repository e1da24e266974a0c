import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { isRepeatable, parseRetryAfter, type Send, withRetries } from "./retry.ts";

const URL_OF = "http://api.test/api/v1";
const get = (path = "/movies") => new Request(URL_OF + path);
const post = (path: string, headers: Record<string, string> = {}) => new Request(URL_OF + path, { method: "POST", body: "{}", headers });

beforeEach(() => vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "Date"] }));
afterEach(() => {
	vi.useRealTimers();
	vi.restoreAllMocks();
});

/** A fake server that gives the answers in order and repeats the last one; an Error is thrown. Records the time of each attempt. */
function server(...answers: (Response | Error)[]): { send: Send; atMs: number[]; bodies: string[] } {
	const startMs = Date.now();
	const [atMs, bodies]: [number[], string[]] = [[], []];
	return {
		atMs,
		bodies,
		async send(request) {
			atMs.push(Date.now() - startMs);
			bodies.push(await request.text());
			const answer = answers[Math.min(atMs.length, answers.length) - 1];
			if (answer === undefined) throw new Error("the test gave the fake server no answers");
			if (answer instanceof Error) throw answer;
			return answer.clone();
		},
	};
}

const busy = (retryAfter: string | null = "2", status = 503) =>
	new Response("{}", { status, headers: retryAfter === null ? {} : { "retry-after": retryAfter } });
const ok = () => new Response('{"fine":true}', { status: 200 });

/** Advances the fake timers until the promise is settled. */
async function advanceUntilSettled<T>(promise: Promise<T>): Promise<T> {
	let done = false;
	const end = () => {
		done = true;
	};
	promise.then(end, end);
	while (!done) await vi.advanceTimersByTimeAsync(50);
	return promise;
}

describe("after 503 and 429 with Retry-After", () => {
	it.each([429, 503])("a request answered %i is sent again after that time plus at most half of it", async (status) => {
		vi.spyOn(Math, "random").mockReturnValueOnce(0).mockReturnValueOnce(0.999);
		const { send, atMs, bodies } = server(busy("2", status), busy("2", status), ok());
		const response = await advanceUntilSettled(withRetries(send)(post("/auth/register")));
		expect([response.status, await response.json()]).toEqual([200, { fine: true }]);
		expect(bodies).toEqual(["{}", "{}", "{}"]);
		expect(atMs[1]).toBe(2_000);
		expect((atMs[2] ?? 0) - 2_000).toBeGreaterThanOrEqual(2_900);
		expect((atMs[2] ?? 0) - 2_000).toBeLessThanOrEqual(3_000);
	});

	it("returns the last answer when attemptsMax is reached", async () => {
		const { send, atMs } = server(busy("0"));
		expect((await advanceUntilSettled(withRetries(send, { attemptsMax: 3 })(get()))).status).toBe(503);
		expect(atMs).toHaveLength(3);
	});

	it("returns the answer at once when Retry-After goes beyond giveUpAfterMs", async () => {
		const { send, atMs } = server(busy("60"));
		expect((await advanceUntilSettled(withRetries(send, { giveUpAfterMs: 30_000 })(get()))).status).toBe(503);
		expect(atMs).toHaveLength(1);
	});

	it("rejects at once when the signal aborts during the wait", async () => {
		const { send, atMs } = server(busy("2"));
		const abort = new AbortController();
		const answer = withRetries(send)(new Request(get(), { signal: abort.signal }));
		answer.catch(() => {});
		await vi.advanceTimersByTimeAsync(100);
		abort.abort(new Error("enough"));
		await expect(answer).rejects.toThrow("enough");
		expect(atMs).toHaveLength(1);
	});
});

describe("a request whose signal has aborted", () => {
	it("is not sent at all", async () => {
		const { send, atMs } = server(ok());
		const signal = AbortSignal.abort(new Error("enough"));
		const aborted = new Request(post("/bookings", { "idempotency-key": "k" }), { signal });
		await expect(withRetries(send)(aborted)).rejects.toThrow("enough");
		expect(atMs).toEqual([]);
	});
});

describe("without an answer", () => {
	const broken = () => new TypeError("fetch failed");

	it.each([
		["GET", get()],
		["DELETE", new Request(`${URL_OF}/bookings/1`, { method: "DELETE" })],
		["a hold with its key", post("/bookings", { "idempotency-key": "k" })],
		["a confirm", post("/bookings/0199/confirm")],
		["a refresh", post("/auth/refresh")],
	])("%s is sent again with increasing waits", async (_name, request) => {
		vi.spyOn(Math, "random").mockReturnValue(0);
		const { send, atMs } = server(broken(), broken(), broken(), ok());
		expect((await advanceUntilSettled(withRetries(send)(request))).status).toBe(200);
		expect(atMs).toEqual([0, 200, 600, 1_400]);
	});

	it.each([
		["a hold without a key", post("/bookings")],
		["a registration", post("/auth/register")],
		["a login", post("/auth/login")],
		["a logout", post("/auth/logout")],
	])("%s is not sent again, because the server may have processed it", async (_name, request) => {
		const { send, atMs } = server(broken(), ok());
		await expect(advanceUntilSettled(withRetries(send)(request))).rejects.toThrow("fetch failed");
		expect(atMs).toHaveLength(1);
	});

	it("a 502, a 504 and a 503 without Retry-After count as no answer", async () => {
		for (const answer of [busy(null, 502), busy(null, 504), busy(null)]) {
			expect((await advanceUntilSettled(withRetries(server(answer, ok()).send)(get()))).status).toBe(200);
			expect((await advanceUntilSettled(withRetries(server(answer, ok()).send)(post("/auth/login")))).status).toBe(answer.status);
		}
	});

	it("an attempt that exceeds attemptTimeoutMs counts as no answer", async () => {
		let attempts = 0;
		const send: Send = (request) => {
			attempts += 1;
			if (attempts > 1) return Promise.resolve(ok());
			return new Promise((_resolve, reject) => request.signal.addEventListener("abort", () => reject(request.signal.reason)));
		};
		expect((await advanceUntilSettled(withRetries(send, { attemptTimeoutMs: 1_000 })(get()))).status).toBe(200);
		await expect(advanceUntilSettled(withRetries(send, { attemptTimeoutMs: 1_000 })(get()))).resolves.toBeDefined();
		expect(attempts).toBe(3);
	});

	it("an answer whose body breaks off counts as no answer", async () => {
		const torn = new ReadableStream({ start: (controller) => controller.error(new TypeError("terminated")) });
		let attempts = 0;
		const send: Send = async () => {
			attempts += 1;
			return attempts === 1 ? new Response(torn, { status: 200 }) : ok();
		};
		expect(await (await advanceUntilSettled(withRetries(send)(get()))).json()).toEqual({ fine: true });
	});
});

describe("any other answer", () => {
	it.each([200, 201, 204, 400, 401, 404, 409, 410, 412, 422, 500])("%i is returned after a single attempt", async (status) => {
		const { send, atMs } = server(new Response(null, { status, headers: { "retry-after": "1" } }));
		expect((await advanceUntilSettled(withRetries(send)(get()))).status).toBe(status);
		expect(atMs).toHaveLength(1);
	});
});

describe("parseRetryAfter", () => {
	it.each([
		["2", 2_000],
		["0", 0],
		["Sun, 22 Nov 2026 20:00:05 GMT", 5_000],
		["Sun, 22 Nov 2026 19:00:00 GMT", 0],
		["soon", null],
		[null, null],
	])("Retry-After %j is parsed as %j ms", (header, ms) => {
		expect(parseRetryAfter(header, Date.parse("2026-11-22T20:00:00Z"))).toBe(ms);
	});
});

describe("isRepeatable", () => {
	it("matches the path of a confirm exactly, whatever the query string", () => {
		expect(isRepeatable(post("/bookings/0199/confirm/again"))).toBe(false);
		expect(isRepeatable(post("/bookings/0199/confirm?x=1"))).toBe(true);
	});
});
