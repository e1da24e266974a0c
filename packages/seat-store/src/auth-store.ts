/**
 * What signing in and out needs of Redis: who is refused before their token expires, and how often somebody has tried. On
 * connections of its own, so that neither waits behind the seats.
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

export type AttemptCount = {
	/** Attempts in this window, this one included. */
	readonly attempts: number;
	/** When the window ends, in ms from now. */
	readonly windowEndsInMs: number;
};

export type AuthStore = Pick<DenyList, "isDenied" | "deny" | "allow"> & {
	/**
	 * Count an attempt of `subject` (an address, an e-mail) under `limit`. A window begins with its first attempt. The
	 * subject itself does not reach Redis. Rejects with `SeatStoreFault` when Redis does not answer.
	 */
	countAttempt(limit: string, subject: string, windowMs: number): Promise<AttemptCount>;
	close(): void;
};

export type AuthStoreOptions = {
	readonly url: string;
	readonly log?: LinkLog;
	/** Sees every new client before it is used. For tests. */
	readonly prepareConnection?: (redis: Redis) => void;
	/** Families of the deny list that this process keeps, of each copy. For tests. */
	readonly deniedKeptMax?: number;
};

/** Connects in the background. */
export function createAuthStore({
	url,
	log = SILENT_LOG,
	prepareConnection: prepare,
	deniedKeptMax: keptMax,
}: AuthStoreOptions): AuthStore {
	// The seat store's link to the same server tells the log of its losses.
	const link = createLink({ url, log: SILENT_LOG, prepare });
	const denyList = createDenyList({ url, link, log, prepare, keptMax });
	return {
		isDenied: denyList.isDenied,
		deny: denyList.deny,
		allow: denyList.allow,
		async countAttempt(limit, subject, windowMs) {
			const key = attemptsKey(limit, hashOf(subject));
			// Sent together; NX mends a window without an end, should anything ever come between the first two.
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

/** Whoever reads Redis sees no address; only one that is guessed can be recognised. */
const hashOf = (subject: string): string => createHash("sha256").update(subject).digest("base64url").slice(0, 22);
