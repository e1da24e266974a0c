/**
 * How often somebody may ask. Where a password or a token could be guessed, all processes count together, in Redis; while it
 * does not answer nobody gets in, which costs nothing more: without Redis nobody who is signed in can do anything either.
 * A signed-in user's requests are counted in the process, so that a hold remains one round trip; how much a user may hold
 * is judged exactly, by the script.
 *
 * Not @fastify/rate-limit: it knows no token bucket, and its answer to a store that fails is its own or none.
 */
import type { AuthStore } from "@holdfast/seat-store";
import type { FastifyReply, onRequestAsyncHookHandler, onRequestHookHandler, preParsingHookHandler } from "fastify";
import fp from "fastify-plugin";
import { addressOf } from "../client-address.ts";
import type { Rates } from "../rates.ts";
import { createTokenBuckets } from "../token-buckets.ts";

declare module "fastify" {
	interface FastifyInstance {
		/** `onRequest` hook: 429 past `authPerAddress`. */
		limitAddress: onRequestAsyncHookHandler;
		/**
		 * Count an attempt with this e-mail. Resolves to null while the account is within `authPerAccount`, and past it to the
		 * time until the window ends, in ms: the caller then stops and answers with `refuseForRate`. Counts again when called again.
		 */
		countAccountAttempt: (email: string) => Promise<number | null>;
		/** `onRequest` hook: 429 past `ipLimit`. */
		limitBuyerAddress: onRequestHookHandler;
		/** `preParsing` hook: 429 past `userRate` and `userBurst`. After `requireUser`, before the body is read. */
		limitUser: preParsingHookHandler;
		/** The same with a count of its own: who may not book for a moment may sign out. */
		limitSession: preParsingHookHandler;
	}
}

const WINDOW_MS = 60_000;
/** Users and addresses whose buckets are kept: more than can be busy at once, 15 MB each. */
const BUCKETS_KEPT_MAX = 100_000;

export const limitRequests = fp<{ authStore: AuthStore; rates: Rates }>(
	(app, { authStore, rates }, done) => {
		const { authPerAddress, authPerAccount, userRate, userBurst, ipLimit } = rates;
		const addresses = ipLimit === null ? null : createTokenBuckets({ perSecond: ipLimit / 60, burst: ipLimit, keptMax: BUCKETS_KEPT_MAX });

		/** Null within the limit; past it the time until the window ends, ms. */
		async function countAttempt(name: string, subject: string, max: number): Promise<number | null> {
			const { attempts, windowEndsInMs } = await authStore.countAttempt(name, subject, WINDOW_MS);
			return attempts > max ? windowEndsInMs : null;
		}

		const limitAddress: onRequestAsyncHookHandler = async (request, reply) => {
			const waitMs = await countAttempt("address", addressOf(request), authPerAddress);
			return waitMs === null ? undefined : refuseForRate(reply, waitMs);
		};
		app.decorate("limitAddress", limitAddress);
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

/** Answer 429 with `Retry-After`: `waitMs` in whole seconds, rounded up. The caller stops here and returns the result to Fastify. */
export function refuseForRate(reply: FastifyReply, waitMs: number): FastifyReply {
	return reply.problem("too_many_requests", { retryAfterSeconds: Math.max(1, Math.ceil(waitMs / 1000)) });
}

/**
 * The account an e-mail belongs to, as Postgres compares them: letter by letter in lower case. `toLowerCase` of the whole
 * text makes two characters of the Turkish I with a dot where Postgres makes one, and each spelling would be an account of
 * its own to guess at.
 */
export const accountOf = (email: string): string => Array.from(email, (letter) => Array.from(letter.toLowerCase())[0]).join("");
