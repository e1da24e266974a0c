/**
 * Limits the rate of requests. Attempts to register, sign in or refresh are counted in Redis for all processes together, because these
 * routes could be used to guess passwords or tokens. While Redis does not answer, they fail; that costs no availability, because
 * signed-in users need Redis for every request too. Requests of signed-in users are counted per process, so that a hold remains one
 * round trip to Redis. The limits on seats and holds are checked exactly, by the script place-hold.lua.
 *
 * Not @fastify/rate-limit: it has no token bucket, and if its store fails it either sends an error in its own format or sets no limit.
 */
import type { AuthStore } from "@holdfast/seat-store";
import type { FastifyReply, onRequestAsyncHookHandler, onRequestHookHandler, preParsingHookHandler } from "fastify";
import fp from "fastify-plugin";
import { addressOf } from "../client-address.ts";
import type { Rates } from "../rates.ts";
import { createTokenBuckets } from "../token-buckets.ts";

declare module "fastify" {
	interface FastifyInstance {
		/** `onRequest` hook: answers 429 above `authPerAddress`. */
		limitAddress: onRequestAsyncHookHandler;
		/** `onRequest` hook: answers 429 above `refreshPerAddress`. Counted separately, so that refreshes and sign-ins never block each other. */
		limitRefresh: onRequestAsyncHookHandler;
		/**
		 * Counts an attempt to sign in or register with this e-mail address. Resolves to null up to `authPerAccount`, and above it to
		 * the time until the window ends, in ms: the caller must then stop and answer with `refuseForRate`. Each call counts.
		 */
		countAccountAttempt: (email: string) => Promise<number | null>;
		/** `onRequest` hook: answers 429 above `ipLimit`. */
		limitBuyerAddress: onRequestHookHandler;
		/** `preParsing` hook: answers 429 above `userRate` and `userBurst`. Runs after `requireUser` and before the body is read. */
		limitUser: preParsingHookHandler;
		/** Like `limitUser`, with a separate count: a user who has reached the limit on bookings can still sign out. */
		limitSession: preParsingHookHandler;
	}
}

const WINDOW_MS = 60_000;
/** Token buckets to keep, for users and for addresses: more than can be active at the same time. 15 MB for each of the two. */
const BUCKETS_KEPT_MAX = 100_000;

/** Fastify plugin: decorates the server with the hooks and with `countAccountAttempt`. */
export const limitRequests = fp<{ authStore: AuthStore; rates: Rates }>(
	(app, { authStore, rates }, done) => {
		const { authPerAddress, refreshPerAddress, authPerAccount, userRate, userBurst, ipLimit } = rates;
		const addresses = ipLimit === null ? null : createTokenBuckets({ perSecond: ipLimit / 60, burst: ipLimit, keptMax: BUCKETS_KEPT_MAX });

		/** Resolves to null up to the limit, and above it to the time until the window ends, in ms. */
		async function countAttempt(name: string, subject: string, max: number): Promise<number | null> {
			const { attempts, windowEndsInMs } = await authStore.countAttempt(name, subject, WINDOW_MS);
			return attempts > max ? windowEndsInMs : null;
		}

		const limitEachAddress =
			(name: string, max: number): onRequestAsyncHookHandler =>
			async (request, reply) => {
				const waitMs = await countAttempt(name, addressOf(request), max);
				return waitMs === null ? undefined : refuseForRate(reply, waitMs);
			};
		app.decorate("limitAddress", limitEachAddress("address", authPerAddress));
		app.decorate("limitRefresh", limitEachAddress("refresh", refreshPerAddress));
		app.decorate("countAccountAttempt", (email) => countAttempt("account", accountOf(email), authPerAccount));
		app.decorate("limitBuyerAddress", (request, reply, next) => {
			const waitMs = addresses?.take(addressOf(request)) ?? 0;
			if (waitMs > 0) refuseForRate(reply, waitMs);
			else next();
		});
		app.decorate("limitUser", limitEachUser());
		app.decorate("limitSession", limitEachUser());
		done();

		function limitEachUser(): preParsingHookHandler {
			const users = createTokenBuckets({ perSecond: userRate, burst: userBurst, keptMax: BUCKETS_KEPT_MAX });
			return (request, reply, payload, next) => {
				const waitMs = request.user === null ? 0 : users.take(request.user.id);
				if (waitMs > 0) refuseForRate(reply, waitMs);
				else next(null, payload);
			};
		}
	},
	{ name: "limit-requests", dependencies: ["send-problems", "auth"] },
);

/** Answers 429 with `Retry-After`: `waitMs` in whole seconds, rounded up. The caller must return the result to Fastify and stop. */
export function refuseForRate(reply: FastifyReply, waitMs: number): FastifyReply {
	return reply.problem("too_many_requests", { retryAfterSeconds: Math.max(1, Math.ceil(waitMs / 1000)) });
}

/**
 * Returns the key under which attempts with an e-mail address are counted: the address in lower case, as Postgres compares it. Each
 * letter is converted separately, because `toLowerCase` of the whole text turns the Turkish I with a dot into two characters where
 * Postgres has one. A spelling with that letter would be counted separately, which would allow more attempts on the same account.
 */
export const accountOf = (email: string): string => Array.from(email, (letter) => Array.from(letter.toLowerCase())[0]).join("");
