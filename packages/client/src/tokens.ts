/** Sends access tokens with requests, and refreshes expired ones. */
import createFetchClient from "openapi-fetch";
import { type RetryOptions, type Send, withRetries } from "./retry.ts";
import type { paths, Session } from "./schema.ts";

/** The source of a client's access token. */
export type TokenProvider = {
	/** Returns the token to send, or null if no user is signed in. */
	access(): string | null | Promise<string | null>;
	/** Returns a new token after the current one was refused, or null if the user must sign in again. Calls never overlap. */
	renew?(): Promise<string | null>;
};

/** Routes that authenticate by their body and ignore an access token. */
const WITHOUT_TOKEN = /\/auth\/(register|login|refresh)$/;

/**
 * Returns `send` with the access token added. If the token is refused (401), it is renewed, once for all requests that wait for it, and
 * the request is sent again, once. A 401 for a wrong password is returned at once: it says nothing against the token, and a second attempt
 * would count against the user.
 */
export function withTokens(send: Send, tokens: TokenProvider): Send {
	let renewing: Promise<string | null> | null = null;

	async function renewOnce(refused: string): Promise<string | null> {
		// Another request may have renewed the token already while this one was in flight.
		const current = await tokens.access();
		if (current !== refused && current !== null) return current;
		if (tokens.renew === undefined) return null;
		renewing ??= tokens.renew().finally(() => {
			renewing = null;
		});
		return renewing;
	}

	return async (request) => {
		const token = WITHOUT_TOKEN.test(new URL(request.url).pathname) ? null : await tokens.access();
		if (token === null || request.headers.has("authorization")) return send(request);
		const retry = request.clone();
		const response = await send(withBearer(request, token));
		if (response.status !== 401 || (await isWrongPassword(response))) return response;
		const next = await renewOnce(token);
		return next === null ? response : send(withBearer(retry, next));
	};
}

async function isWrongPassword(response: Response): Promise<boolean> {
	const problem: unknown = await response
		.clone()
		.json()
		.catch(() => null);
	return Object(problem).code === "invalid_credentials";
}

function withBearer(request: Request, token: string): Request {
	const headers = new Headers(request.headers);
	headers.set("authorization", `Bearer ${token}`);
	return new Request(request, { headers });
}

/** A token provider that keeps a session. */
export type SessionTokens = TokenProvider & {
	/** Returns the current session, or null if no user is signed in. */
	session(): Session | null;
	/** Replaces the session. Call it after signing in, registering and signing out (null). */
	set(session: Session | null): void;
};

/** Options of `createSessionTokens`. */
export type SessionTokensOptions = {
	/** Origin of the API, without `/api/v1`. */
	readonly baseUrl: string;
	/** The session that was stored earlier, if there is one. */
	readonly session?: Session | null;
	/**
	 * Called with every new session. Store it, because each refresh token is valid once. null: the user signed out or must sign in
	 * again.
	 */
	readonly onChange?: (session: Session | null) => void;
	/**
	 * Returns the stored session. Set it if the session is shared, for example between the tabs of a browser: if two tabs use the same
	 * refresh token, the server takes it for stolen. It is called before each request, and the tabs refresh one at a time (Web Locks).
	 */
	readonly reload?: () => Session | null;
	/** Replaces the global `fetch`, for tests and for platforms without it. */
	readonly fetch?: Send;
};

/**
 * A refresh can be repeated within 10 s of the first one; later the server takes the token for stolen and ends the session. So all
 * attempts begin within less than 10 s. If none of them got an answer, the next refused request tries again: the server may not have
 * received the earlier ones, and if it has, the session is lost to this client in any case.
 */
const REFRESH_RETRIES = { giveUpAfterMs: 6_000, attemptTimeoutMs: 2_500 } as const satisfies RetryOptions;

/** Returns a token provider that starts with a stored session or none, and refreshes it with its refresh token. */
export function createSessionTokens(options: SessionTokensOptions): SessionTokens {
	const { baseUrl, session = null, onChange, reload, fetch: send = fetch } = options;
	let current = session;
	const client = createFetchClient<paths>({ baseUrl, fetch: withRetries((request) => send(request), REFRESH_RETRIES) });
	const set = (next: Session | null): void => {
		current = next;
		onChange?.(next);
	};

	function latest(): Session | null {
		const stored = reload?.();
		if (stored !== undefined && stored?.refreshToken !== current?.refreshToken) current = stored;
		return current;
	}

	async function refresh(refused: Session | null): Promise<string | null> {
		const used = latest();
		// While this refresh waited for the lock, another tab refreshed, signed out, or signed in as another user.
		if (used === null || used !== refused) return used?.accessToken ?? null;
		const { data, response } = await client.POST("/api/v1/auth/refresh", { body: { refreshToken: used.refreshToken } });
		// The user signed out or in while the refresh was in flight.
		if (latest() !== used) return current?.accessToken ?? null;
		if (data !== undefined) set(data);
		else if (response.status === 401) set(null);
		else return null;
		return data?.accessToken ?? null;
	}

	return {
		session: latest,
		set,
		access: () => latest()?.accessToken ?? null,
		renew() {
			const refused = current;
			return reload === undefined ? refresh(refused) : takeTurns(baseUrl, () => refresh(refused));
		},
	};
}

/** Runs `work` one at a time among all tabs of this origin, if the platform has Web Locks (browsers on secure pages, Node from 24.5 on). */
function takeTurns<T>(baseUrl: string, work: () => Promise<T>): Promise<T> {
	const locks = globalThis.navigator?.locks;
	return locks === undefined ? work() : locks.request(`holdfast session of ${baseUrl}`, work);
}
