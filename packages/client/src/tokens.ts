/** Who is asking: access tokens along with requests, and new ones for those that have expired. */
import createFetchClient from "openapi-fetch";
import { type RetryOptions, type Send, withRetries } from "./retry.ts";
import type { paths, Session } from "./schema.ts";

/** Where a client has its access token from. */
export type TokenProvider = {
	/** The token to send along; null: nobody is signed in. */
	access(): string | null | Promise<string | null>;
	/** A new one in place of one that was refused; null: there is none, sign in again. Never called twice at a time. */
	renew?(): Promise<string | null>;
};

/** These prove who somebody is by what they send; a token beside it means nothing. */
const WITHOUT_TOKEN = /\/auth\/(register|login|refresh)$/;

/**
 * `send` with a token. When that is refused (401 `unauthenticated`), a new one is asked for, once for all requests that wait for
 * it, and the request is sent again, once.
 */
export function withTokens(send: Send, tokens: TokenProvider): Send {
	let renewing: Promise<string | null> | null = null;

	async function replace(refused: string): Promise<string | null> {
		// Somebody else's request may have brought a new one while this one was on its way.
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
		const again = request.clone();
		const response = await send(bearing(request, token));
		if (response.status !== 401) return response;
		const next = await replace(token);
		return next === null ? response : send(bearing(again, next));
	};
}

function bearing(request: Request, token: string): Request {
	const headers = new Headers(request.headers);
	headers.set("authorization", `Bearer ${token}`);
	return new Request(request, { headers });
}

export type SessionTokens = TokenProvider & {
	/** The session as it is now; null: nobody is signed in. */
	session(): Session | null;
	/** After signing in or out. */
	set(session: Session | null): void;
};

export type SessionTokensOptions = {
	readonly baseUrl: string;
	/** What was kept from the last time. */
	readonly session?: Session | null;
	/** Keep it: refresh tokens are good once. null: signed out, or the refresh token is not good any more. */
	readonly onChange?: (session: Session | null) => void;
	/**
	 * What is kept now. Give it where others share the session, the tabs of a browser above all: a refresh token that one of them
	 * has used is a theft when the next one uses it. It is asked before each request, and refreshes take turns (Web Locks).
	 */
	readonly reload?: () => Session | null;
	readonly fetch?: Send;
};

/**
 * A refresh whose answer was lost may be repeated within 10 s of the first; later the server takes it for a theft and ends
 * the session. So it is tried for less than that. When no answer came at all, the next refused request tries once more: the
 * server may never have seen the first, and if it has, the session is lost to this client either way.
 */
const REFRESH_RETRIES = { giveUpAfterMs: 6_000, attemptTimeoutMs: 2_500 } as const satisfies RetryOptions;

/** Tokens out of a session, as registering and signing in give it: an access token, and a refresh token for the next one. */
export function createSessionTokens(options: SessionTokensOptions): SessionTokens {
	const { baseUrl, session = null, onChange, reload, fetch: send = fetch } = options;
	let current = session;
	const client = createFetchClient<paths>({ baseUrl, fetch: withRetries((request) => send(request), REFRESH_RETRIES) });
	const set = (next: Session | null): void => {
		current = next;
		onChange?.(next);
	};

	function latest(): Session | null {
		const kept = reload?.();
		if (kept !== undefined && kept?.refreshToken !== current?.refreshToken) current = kept;
		return current;
	}

	async function refresh(refused: Session | null): Promise<string | null> {
		const used = latest();
		// While this one waited for its turn another tab refreshed, signed out, or in as somebody else.
		if (used === null || used !== refused) return used?.accessToken ?? null;
		const { data, response } = await client.POST("/api/v1/auth/refresh", { body: { refreshToken: used.refreshToken } });
		// Signed out or in anew meanwhile.
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

/** One at a time among all tabs of this origin, where the platform can do that (browsers on secure pages, Node from 24.5 on). */
function takeTurns<T>(baseUrl: string, work: () => Promise<T>): Promise<T> {
	const locks = globalThis.navigator?.locks;
	return locks === undefined ? work() : locks.request(`holdfast session of ${baseUrl}`, work);
}
