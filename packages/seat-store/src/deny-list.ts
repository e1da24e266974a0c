/**
 * Which access tokens are refused before they expire: those of a family (somebody logged out, or a refresh token was used twice)
 * and those of a user (the account is being deleted). The list does not tell families from users: both are UUIDs.
 * Redis keeps the list while any of the tokens could still be valid, in two copies, each of which suffices; every process subscribes to both, so
 * that a request needs no call. While a process cannot know whether it has heard everything of at least one of them, it asks Redis.
 */
import { ALLOWED, createDeniedCopy, type DeniedCopy, type DeniedCopyOptions } from "./denied-copy.ts";
import { SeatStoreFault } from "./fault.ts";
import { DENIED_BUCKETS } from "./keys.ts";

export type DenyList = {
	/**
	 * Whether one of these, a token's family and its user, was denied: at once while this process hears of every denial (within a
	 * second of it), else as Redis answers. Rejects with `SeatStoreFault` when Redis has to be asked and neither copy answers.
	 */
	isDenied(...ids: readonly string[]): boolean | Promise<boolean>;
	/**
	 * Deny it until then (epoch ms): here from the return on, elsewhere within `DENIAL_HEARD_WITHIN_MS`. Resolves when both copies have it;
	 * `outcome_unknown` when one of them has it, or may have it. Safe to call twice.
	 */
	deny(id: string, untilMs: number): Promise<void>;
	/**
	 * Take a denial back from both copies: here from the return on, elsewhere within `DENIAL_HEARD_WITHIN_MS`, except in a process that
	 * does not hear one of them at that moment: that one goes on refusing until the denial ends. Safe to call twice.
	 */
	allow(id: string): Promise<void>;
	close(): void;
};

export type DenyListOptions = Omit<DeniedCopyOptions, "bucket">;

/** A process that has not heard of a denial for this long asks Redis: a silent subscription is found out within 750 ms. */
export const DENIAL_HEARD_WITHIN_MS = 1_000;

export function createDenyList(options: DenyListOptions): DenyList {
	const copies = DENIED_BUCKETS.map((bucket) => createDeniedCopy({ ...options, bucket }));
	return {
		isDenied(...ids) {
			// Each copy remembers for itself: what one hears late takes nothing back that the other was told since.
			if (copies.some((copy) => copy.knows(ids))) return true;
			return copies.some((copy) => copy.isLive()) ? false : askEither(copies, ids);
		},
		async deny(id, untilMs) {
			await writeBoth(copies, (copy) => copy.deny(id, untilMs));
			// Not before: somebody whose denial was not taken must be able to ask for it again.
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

/** The union of what the copies answer. */
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
	const isUndone = failures.length === copies.length;
	throw unknown ?? (isUndone ? failures[0] : new SeatStoreFault("outcome_unknown", failures[0]));
}

const reasonsOf = (results: readonly PromiseSettledResult<unknown>[]): unknown[] =>
	results.flatMap((result) => (result.status === "rejected" ? [result.reason] : []));
