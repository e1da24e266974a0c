/**
 * What authentication needs from Redis: the deny list of access tokens, and counters of attempts. Uses separate connections, so
 * that authentication calls never wait behind seat calls, nor seat calls behind them.
 */
import { createHash } from "node:crypto";
import { SILENT_LOG } from "@holdfast/runtime";
import type { Redis } from "ioredis";
import { CALL_DEADLINE_MS } from "./call.ts";
import { createDenyList, type DenyList } from "./deny-list.ts";
import type { LinkLog } from "./keep-connected.ts";
import { attemptsKey } from "./keys.ts";
import { createLink } from "./link.ts";
import { atKey } from "./place.ts";

/** The state of a rate-limit window after an attempt was counted. */
export type AttemptCount = {
	/** Attempts counted in this window, this one included. */
	readonly attempts: number;
	/** Time until the window ends, ms. */
	readonly windowEndsInMs: number;
};

/** Reads and changes the deny list, and counts attempts. */
export type AuthStore = Pick<DenyList, "isDenied" | "deny" | "allow"> & {
	/**
	 * Counts one attempt of `subject` (an IP address, an e-mail address) against `limit`. A window starts with its first attempt and
	 * lasts `windowMs`. Redis stores only a hash of the subject. Rejects with `SeatStoreFault` when Redis does not answer.
	 */
	countAttempt(limit: string, subject: string, windowMs: number): Promise<AttemptCount>;
	/** Closes all connections. Safe to call twice. */
	close(): void;
};

/** Which Redis server the store uses, and how. */
export type AuthStoreOptions = {
	readonly url: string;
	readonly log?: LinkLog;
	/** Called with every new client before the client is used. For tests. */
	readonly prepareConnection?: (redis: Redis) => void;
	/** Maximum number of denied ids that this process caches for each copy of the deny list. For tests. */
	readonly deniedKeptMax?: number;
};

/** Creates the store. Returns at once and connects in the background. */
export function createAuthStore({
	url,
	log = SILENT_LOG,
	prepareConnection: prepare,
	deniedKeptMax: keptMax,
}: AuthStoreOptions): AuthStore {
	// No log: the seat store's link to the same server logs lost connections.
	const link = createLink({ url, log: SILENT_LOG, prepare });
	const denyList = createDenyList({ url, link, log, prepare, keptMax });
	return {
		isDenied: denyList.isDenied,
		deny: denyList.deny,
		allow: denyList.allow,
		async countAttempt(limit, subject, windowMs) {
			const key = attemptsKey(limit, hashOf(subject));
			// Sent as one batch. NX sets an expiry only if there is none, which also repairs a counter that was left without one.
			const [attempts, , windowEndsInMs] = await link.run(atKey(key), "tally", CALL_DEADLINE_MS, (redis) =>
				Promise.all([redis.incr(key), redis.pexpire(key, windowMs, "NX"), redis.pttl(key)]),
			);
			return { attempts, windowEndsInMs: Math.max(0, windowEndsInMs) };
		},
		close() {
			denyList.close();
			link.close();
		},
	};
}

/** Keeps addresses out of Redis: a hash can only be compared with the hash of a guessed subject. */
const hashOf = (subject: string): string => createHash("sha256").update(subject).digest("base64url").slice(0, 22);
