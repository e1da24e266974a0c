/** Retries requests by the rules that the README documents. */
import { backOffMs } from "./back-off.ts";

/** Limits of the retries of one request. */
export type RetryOptions = {
	/** Maximum number of attempts, including the first. Default: 8. */
	readonly attemptsMax?: number;
	/** No attempt begins later than this after the first one, in ms. Default: 30,000. */
	readonly giveUpAfterMs?: number;
	/** Timeout of one attempt, in ms. Default: 15,000, longer than `Prefer: wait` can take (10 s). */
	readonly attemptTimeoutMs?: number;
};

/** Sends one request and resolves to its answer, like `fetch`. Rejects if there is no answer. */
export type Send = (request: Request) => Promise<Response>;

const DEFAULTS = { attemptsMax: 8, giveUpAfterMs: 30_000, attemptTimeoutMs: 15_000 } as const satisfies RetryOptions;

const BACK_OFF = { minMs: 200, maxMs: 5_000 };

/** Statuses whose `Retry-After` says when to retry. */
const RETRY_AFTER_STATUSES: readonly number[] = [429, 503];
/** Statuses that a proxy or load balancer sends if it got no answer from the server. The server may have processed the request. */
const GATEWAY_STATUSES: readonly number[] = [502, 503, 504];
const SAFE_OR_IDEMPOTENT: readonly string[] = ["GET", "HEAD", "PUT", "DELETE", "OPTIONS"];
/** POST routes whose repeat gets the same answer as the first request. */
const REPEATABLE_POSTS = /\/bookings\/[^/]+\/confirm$|\/auth\/refresh$/;

/**
 * Whether a request may be sent again although the server may have processed it: its method is idempotent, it has an
 * `Idempotency-Key`, or its route answers a repeat in the same way.
 */
export function isRepeatable({ method, url, headers }: Pick<Request, "method" | "url" | "headers">): boolean {
	return SAFE_OR_IDEMPOTENT.includes(method) || headers.has("idempotency-key") || REPEATABLE_POSTS.test(new URL(url).pathname);
}

/**
 * Returns `send` with retries:
 * - After a 429 or 503 with `Retry-After`, any request is sent again when that time is over. Either nothing was changed, or the answer
 *   was `outcome_unknown` and a repeat is how to learn the outcome.
 * - After no answer (a broken connection, a timeout, or a proxy's 502, 503 or 504), a request is sent again if it is repeatable.
 *
 * After the last attempt it resolves to the last answer or rejects with the last error. If the signal of the request aborts, it rejects
 * at once with the reason of the signal.
 */
export function withRetries(send: Send, options: RetryOptions = {}): Send {
	const { attemptsMax, giveUpAfterMs, attemptTimeoutMs } = { ...DEFAULTS, ...options };
	return async (request) => {
		const endsAt = Date.now() + giveUpAfterMs;
		for (let attempt = 1; ; attempt += 1) {
			// Send nothing after the caller has aborted.
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
	const abort = () => timeout.abort(request.signal.reason);
	request.signal.addEventListener("abort", abort, { once: true });
	try {
		const response = await send(new Request(request, { signal: timeout.signal }));
		return { response: await readWhole(response) };
	} catch (error) {
		return { error };
	} finally {
		clearTimeout(timer);
		request.signal.removeEventListener("abort", abort);
	}
}

/** Reads the whole body, so that a connection that breaks in the middle of it counts as a failed attempt. */
async function readWhole(response: Response): Promise<Response> {
	const body = await response.arrayBuffer();
	const { status, statusText, headers } = response;
	return new Response(body.byteLength === 0 ? null : body, { status, statusText, headers });
}

/** Returns the wait in ms before the next attempt, or null if this outcome is final. */
function waitBeforeRepeat(outcome: Outcome, request: Request, attempt: number): number | null {
	if ("response" in outcome) {
		const { status, headers } = outcome.response;
		const retryAfterMs = RETRY_AFTER_STATUSES.includes(status) ? parseRetryAfter(headers.get("retry-after"), Date.now()) : null;
		if (retryAfterMs !== null) return backOffMs(attempt, retryAfterMs, BACK_OFF);
		if (!GATEWAY_STATUSES.includes(status)) return null;
	}
	return isRepeatable(request) ? backOffMs(attempt, null, BACK_OFF) : null;
}

/**
 * Returns the value of `Retry-After` (RFC 9110, 10.2.3) in ms from `nowMs`. The header is a number of seconds or a date; null if it is
 * neither.
 */
export function parseRetryAfter(header: string | null, nowMs: number): number | null {
	if (header === null) return null;
	if (/^\d{1,9}$/.test(header.trim())) return Number(header) * 1_000;
	const atMs = Date.parse(header);
	return Number.isNaN(atMs) ? null : Math.max(0, atMs - nowMs);
}

/** Resolves after `ms`. Rejects with the reason of the signal if it aborts first. */
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
