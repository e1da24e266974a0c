/** The client: every route by its path, typed by the document, with the rules that the API documents for its clients built in. */
import createFetchClient, { type Client } from "openapi-fetch";
import { type RetryOptions, type Send, withRetries } from "./retry.ts";
import type { paths } from "./schema.ts";
import { createServerClock, type ServerClock } from "./server-clock.ts";
import { type TokenProvider, withTokens } from "./tokens.ts";
import { createSeatWatcher, type WatchSeats } from "./watch-seats.ts";

export type ClientOptions = {
	/** Where the API answers, without `/api/v1`. */
	readonly baseUrl: string;
	/** Who is asking; nobody when left out. */
	readonly tokens?: TokenProvider;
	/** How often and for how long to ask again; `false`: never. */
	readonly retry?: RetryOptions | false;
	/** Another `fetch`, for tests or a platform without. */
	readonly fetch?: Send;
};

export type HoldfastClient = Client<paths> & { readonly clock: ServerClock; readonly watchSeats: WatchSeats };

const HOLDS = "/api/v1/bookings";

/**
 * `client.POST("/api/v1/bookings", { body })` and the like: resolves to `{ data }` or `{ error }`, a problem, and rejects only
 * when no answer came. A hold gets an `Idempotency-Key` of its own unless it brings one, so that repeats of it are safe.
 */
export function createClient({ baseUrl: address, tokens, retry = {}, fetch: send = fetch }: ClientOptions): HoldfastClient {
	const baseUrl = address.replace(/\/+$/, "");
	const clock = createServerClock();
	const timed: Send = async (request) => {
		const sentMs = Date.now();
		const response = await send(request);
		if (!mayBeStored(response.headers)) clock.observe(response.headers.get("x-server-time"), sentMs, Date.now());
		return response;
	};
	const patient = retry === false ? timed : withRetries(timed, retry);
	const client = createFetchClient<paths>({ baseUrl, fetch: tokens === undefined ? patient : withTokens(patient, tokens) });
	client.use({
		onRequest({ request, schemaPath }) {
			if (schemaPath === HOLDS && request.method === "POST" && !request.headers.has("idempotency-key"))
				request.headers.set("idempotency-key", newIdempotencyKey());
			return request;
		},
	});
	// The map is the same for everybody, and a session that ends must not end the looking.
	const anybody = createFetchClient<paths>({ baseUrl, fetch: patient });
	const watchSeats = createSeatWatcher({
		baseUrl,
		send,
		async readMap(showtimeId, signal) {
			const params = { path: { showtimeId }, query: { view: "status" } } as const;
			const { data, response } = await anybody.GET("/api/v1/showtimes/{showtimeId}/seats", { params, signal });
			return { map: data !== undefined && "statuses" in data ? data : undefined, response };
		},
	});
	return { ...client, clock, watchSeats };
}

/** A cache gives the time back at which it got the answer, days ago perhaps, and gives it fast. */
const mayBeStored = (headers: Headers): boolean => headers.has("age") || /max-age=[1-9]/.test(headers.get("cache-control") ?? "");

const KEY_BYTES = 16;

/** A key for one booking that somebody wants: keep it with the wish if that is to outlive the page. */
export function newIdempotencyKey(): string {
	// Not randomUUID, which a browser has on secure pages only.
	return Array.from(crypto.getRandomValues(new Uint8Array(KEY_BYTES)), (byte) => byte.toString(16).padStart(2, "0")).join("");
}
