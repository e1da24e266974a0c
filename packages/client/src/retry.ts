/** The documented retry rules: when the same request is sent again, and when it is not. */
import { backOffMs } from "./back-off.ts";

export type RetryOptions = {
	/** Attempts in all, the first included. */
	readonly attemptsMax?: number;
	/** No attempt begins later than this after the first, ms. */
	readonly giveUpAfterMs?: number;
	/** An attempt without an answer is given up after this, ms. Longer than `Prefer: wait` may take (10 s). */
	readonly attemptTimeoutMs?: number;
};

/** One request to one answer, as `fetch` does; rejects when there is none. */
export type Send = (request: Request) => Promise<Response>;

const DEFAULTS = { attemptsMax: 8, giveUpAfterMs: 30_000, attemptTimeoutMs: 15_000 } as const satisfies RetryOptions;

const BACK_OFF = { minMs: 200, maxMs: 5_000 };

/** Answers by which the server says when to come back. */
const COME_BACK: readonly number[] = [429, 503];
/** Answers of what stands between here and the server: it may have got the request, or not. */
const NO_ANSWER: readonly number[] = [502, 503, 504];
const SAFE_OR_IDEMPOTENT: readonly string[] = ["GET", "HEAD", "PUT", "DELETE", "OPTIONS"];
/** Posts that answer their repeat as they answered the first time. */
const REPEATABLE_POSTS = /\/bookings\/[^/]+\/confirm$|\/auth\/refresh$/;

/**
 * Whether a request may be sent again although it may have been carried out: the method says so, or an `Idempotency-Key`
 * came along, or the route promises the same answer to a repeat.
 */
export function isRepeatable({ method, url, headers }: Pick<Request, "method" | "url" | "headers">): boolean {
	return SAFE_OR_IDEMPOTENT.includes(method) || headers.has("idempotency-key") || REPEATABLE_POSTS.test(new URL(url).pathname);
}

/**
 * `send`, and again:
 * after 429 and 503 with `Retry-After`, when that time is over: nothing was done, or a repeat tells what was;
 * after no answer (a broken connection, a timeout, a proxy's 502, 503, 504), if the request is repeatable.
 * When it is given up, the last answer is given, or what was last thrown is. The caller's signal ends it at once.
 */
export function withRetries(send: Send, options: RetryOptions = {}): Send {
	const { attemptsMax, giveUpAfterMs, attemptTimeoutMs } = { ...DEFAULTS, ...options };
	return async (request) => {
		const endsAt = Date.now() + giveUpAfterMs;
		for (let attempt = 1; ; attempt += 1) {
			// Nothing is sent for somebody who has given it up.
			request.signal.throwIfAborted();
			const outcome = await attemptOnce(send, request.clone(), attemptTimeoutMs);
			const waitMs = request.signal.aborted ? null : waitBeforeRepeat(outcome, request, attempt);
			if (waitMs === null || attempt >= attemptsMax || Date.now() + waitMs > endsAt) {
				if ("error" in outcome) throw outcome.error;
				return outcome.response;
			}
			await pause(waitMs, request.signal);
		}
	};
}

type Outcome = { readonly response: Response } | { readonly error: unknown };

async function attemptOnce(send: Send, request: Request, timeoutMs: number): Promise<Outcome> {
	const timeout = new AbortController();
	const timer = setTimeout(() => timeout.abort(new DOMException(`no answer in ${timeoutMs} ms`, "TimeoutError")), timeoutMs);
	const giveUp = () => timeout.abort(request.signal.reason);
	request.signal.addEventListener("abort", giveUp, { once: true });
	try {
		const response = await send(new Request(request, { signal: timeout.signal }));
		return { response: await readWhole(response) };
	} catch (error) {
		return { error };
	} finally {
		clearTimeout(timer);
		request.signal.removeEventListener("abort", giveUp);
	}
}

/** Read to its end, so that a connection that breaks in the middle of a body is an attempt that failed. */
async function readWhole(response: Response): Promise<Response> {
	const body = await response.arrayBuffer();
	const { status, statusText, headers } = response;
	return new Response(body.byteLength === 0 ? null : body, { status, statusText, headers });
}

/** Milliseconds, or null: this is how it is. */
function waitBeforeRepeat(outcome: Outcome, request: Request, attempt: number): number | null {
	if ("response" in outcome) {
		const { status, headers } = outcome.response;
		const saidMs = COME_BACK.includes(status) ? parseRetryAfter(headers.get("retry-after"), Date.now()) : null;
		if (saidMs !== null) return backOffMs(attempt, saidMs, BACK_OFF);
		if (!NO_ANSWER.includes(status)) return null;
	}
	return isRepeatable(request) ? backOffMs(attempt, null, BACK_OFF) : null;
}

/** `Retry-After` (RFC 9110, 10.2.3) in milliseconds from now: seconds or a date; null when it is neither. */
export function parseRetryAfter(header: string | null, nowMs: number): number | null {
	if (header === null) return null;
	if (/^\d{1,9}$/.test(header.trim())) return Number(header) * 1_000;
	const atMs = Date.parse(header);
	return Number.isNaN(atMs) ? null : Math.max(0, atMs - nowMs);
}

/** Rejects with the signal's reason when that comes first. */
export function pause(ms: number, signal: AbortSignal): Promise<void> {
	return new Promise((resolve, reject) => {
		const end = () => {
			clearTimeout(timer);
			reject(signal.reason);
		};
		const timer = setTimeout(() => {
			signal.removeEventListener("abort", end);
			resolve();
		}, ms);
		if (signal.aborted) end();
		else signal.addEventListener("abort", end, { once: true });
	});
}
