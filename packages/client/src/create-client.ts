/** The client: a typed method for every route of the API, with retries, token refresh, idempotency keys and the server clock built in. */
import createFetchClient, { type Client } from "openapi-fetch";
import { type RetryOptions, type Send, withRetries } from "./retry.ts";
import type { paths } from "./schema.ts";
import { createServerClock, type ServerClock } from "./server-clock.ts";
import { type TokenProvider, withTokens } from "./tokens.ts";
import { createSeatWatcher, type WatchSeats } from "./watch-seats.ts";

/** Options of `createClient`. */
export type ClientOptions = {
	/** Origin of the API, without `/api/v1`. */
	readonly baseUrl: string;
	/** Source of the access token. Without it, requests are sent without a token. */
	readonly tokens?: TokenProvider;
	/** Limits of the retries; `false` turns retries off. */
	readonly retry?: RetryOptions | false;
	/** Replaces the global `fetch`, for tests and for platforms without it. */
	readonly fetch?: Send;
};

/** An openapi-fetch client for the routes of the API, plus the server clock and the seat watcher. */
export type HoldfastClient = Client<paths> & { readonly clock: ServerClock; readonly watchSeats: WatchSeats };

const HOLDS = "/api/v1/bookings";

/**
 * Returns a client. A call such as `client.POST("/api/v1/bookings", { body })` resolves to `{ data }`, or to `{ error }` with a problem.
 * It rejects only if no answer arrived. A request that places a hold gets a new `Idempotency-Key` unless it has one, so that the
 * client can retry it safely.
 */
export function createClient({ baseUrl: address, tokens, retry = {}, fetch: send = fetch }: ClientOptions): HoldfastClient {
	const baseUrl = address.replace(/\/+$/, "");
	const clock = createServerClock();
	const observed: Send = async (request) => {
		const sentMs = Date.now();
		const response = await send(request);
		if (!mayBeStored(response.headers)) clock.observe(response.headers.get("x-server-time"), sentMs, Date.now());
		return response;
	};
	const retrying = retry === false ? observed : withRetries(observed, retry);
	const client = createFetchClient<paths>({ baseUrl, fetch: tokens === undefined ? retrying : withTokens(retrying, tokens) });
	client.use({
		onRequest({ request, schemaPath }) {
			if (schemaPath === HOLDS && request.method === "POST" && !request.headers.has("idempotency-key"))
				request.headers.set("idempotency-key", newIdempotencyKey());
			return request;
		},
	});
	// Without a token: the seat statuses are the same for all users, and a session that ends must not end the watching.
	const anonymous = createFetchClient<paths>({ baseUrl, fetch: retrying });
	const watchSeats = createSeatWatcher({
		baseUrl,
		send,
		async readMap(showtimeId, signal) {
			const params = { path: { showtimeId }, query: { view: "status" } } as const;
			const { data, response } = await anonymous.GET("/api/v1/showtimes/{showtimeId}/seats", { params, signal });
			return { map: data !== undefined && "statuses" in data ? data : undefined, response };
		},
	});
	return { ...client, clock, watchSeats };
}

/** Whether a cache may have sent the answer. Its `x-server-time` may then be days old. */
const mayBeStored = (headers: Headers): boolean => headers.has("age") || /max-age=[1-9]/.test(headers.get("cache-control") ?? "");

const KEY_BYTES = 16;

/** Returns a random key for one new booking. Store it with the request if a retry must be possible after the page or the app was closed. */
export function newIdempotencyKey(): string {
	// Not `randomUUID`: browsers provide it on secure pages only.
	return Array.from(crypto.getRandomValues(new Uint8Array(KEY_BYTES)), (byte) => byte.toString(16).padStart(2, "0")).join("");
}
