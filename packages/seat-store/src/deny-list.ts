/**
 * The deny list: access tokens that are refused before they expire. An entry is a token family (after a logout, or when a refresh
 * token was used twice), a user (while the account is being deleted), or a user's tokens with a role (after a demotion). The list does
 * not distinguish them.
 *
 * Redis keeps an entry while an affected token could still be valid. There are two copies of the list, and one of them is enough.
 * Every process subscribes to both copies, so that a check usually needs no call. While a process cannot be sure that at least
 * one of its two caches is complete, it asks Redis.
 */
import { ALLOWED, createDeniedCopy, type DeniedCopy, type DeniedCopyOptions } from "./denied-copy.ts";
import { SeatStoreFault } from "./fault.ts";
import { DENIED_BUCKETS } from "./keys.ts";

/** Checks and changes which access tokens are refused. */
export type DenyList = {
	/**
	 * Whether one of these ids of a token (its family, its user, its role) is denied. Answers from the caches while one of them is complete,
	 * otherwise asks Redis. Rejects with `SeatStoreFault` when Redis must be asked and neither copy answers.
	 */
	isDenied(...ids: readonly string[]): boolean | Promise<boolean>;
	/**
	 * Denies the id until `untilMs` (epoch ms). This process enforces the denial once the promise resolves, other processes within
	 * `DENIAL_EFFECTIVE_WITHIN_MS`. Resolves when both copies have the denial. Rejects with `outcome_unknown` when only one copy has it
	 * or may have it. Safe to call twice.
	 */
	deny(id: string, untilMs: number): Promise<void>;
	/**
	 * Removes a denial from both copies. This process accepts the id once the promise resolves, other processes within
	 * `DENIAL_EFFECTIVE_WITHIN_MS`. Exception: a process whose subscription to one of the copies is interrupted at that moment refuses
	 * the id until the denial ends. Safe to call twice.
	 */
	allow(id: string): Promise<void>;
	/** Ends the subscriptions. Safe to call twice. */
	close(): void;
};

/** What both copies of the list share. */
export type DenyListOptions = Omit<DeniedCopyOptions, "bucket">;

/**
 * Time after which every process enforces a denial. A process whose subscription fails notices that within 750 ms, and then asks
 * Redis.
 */
export const DENIAL_EFFECTIVE_WITHIN_MS = 1_000;

/** Creates the deny list. Returns at once; subscribes to both copies in the background. */
export function createDenyList(options: DenyListOptions): DenyList {
	const copies = DENIED_BUCKETS.map((bucket) => createDeniedCopy({ ...options, bucket }));
	return {
		isDenied(...ids) {
			// Each copy has its own cache: a late message on one channel must not undo a newer message on the other.
			if (copies.some((copy) => copy.knows(ids))) return true;
			return copies.some((copy) => copy.isLive()) ? false : askEither(copies, ids);
		},
		async deny(id, untilMs) {
			await writeBoth(copies, (copy) => copy.deny(id, untilMs));
			// Only after both writes: a client whose logout failed must be able to send the logout again with the same token.
			for (const copy of copies) copy.keep(id, untilMs);
		},
		async allow(id) {
			await writeBoth(copies, (copy) => copy.allow(id));
			for (const copy of copies) copy.keep(id, ALLOWED);
		},
		close() {
			for (const copy of copies) copy.close();
		},
	};
}

/** Resolves to true when any copy that answers has the denial. Rejects when no copy answers. */
async function askEither(copies: readonly DeniedCopy[], ids: readonly string[]): Promise<boolean> {
	const answers = await Promise.allSettled(copies.map((copy) => copy.ask(ids)));
	const known = answers.flatMap((answer) => (answer.status === "fulfilled" ? [answer.value] : []));
	const [failure] = reasonsOf(answers);
	if (known.length === 0) throw failure;
	return known.includes(true);
}

async function writeBoth(copies: readonly DeniedCopy[], write: (copy: DeniedCopy) => Promise<unknown>): Promise<void> {
	const failures = reasonsOf(await Promise.allSettled(copies.map(write)));
	if (failures.length === 0) return;
	const unknown = failures.find((failure) => failure instanceof SeatStoreFault && failure.kind === "outcome_unknown");
	const hasChangedNothing = failures.length === copies.length;
	throw unknown ?? (hasChangedNothing ? failures[0] : new SeatStoreFault("outcome_unknown", failures[0]));
}

const reasonsOf = (results: readonly PromiseSettledResult<unknown>[]): unknown[] =>
	results.flatMap((result) => (result.status === "rejected" ? [result.reason] : []));
