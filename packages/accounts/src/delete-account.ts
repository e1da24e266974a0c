/**
 * Deletes an account: ends its sessions, releases its holds, and anonymises its row. The bookings and the row that they reference stay.
 * An account with confirmed bookings at future showtimes is kept.
 *
 * Why no booking can be confirmed after its account was anonymised:
 * - The API accepts the token of a confirm for at most `DENIAL_EFFECTIVE_WITHIN_MS` after the denial. The confirm names a booking, so its hold
 *   existed by then. The last check of the bookings runs later and finds the hold, however late the confirm's script runs.
 * - A hold is released only if it still has the version that the check read. If the confirm runs in Redis before the release, the next
 *   check finds the confirmed booking, and the account is kept.
 * - A request that was accepted before the denial could place a hold after the last check. The user cannot confirm that hold any more, so
 *   it expires. Because of `DENIAL_WAIT_MS` this needs a process that was paused; a slow one is not enough.
 */

import { setTimeout as delay } from "node:timers/promises";
import {
	type Account,
	type AuditOrigin,
	anonymiseUser,
	denySignIn,
	endRefreshFamilies,
	findAccount,
	findAccountById,
	OPERATOR,
} from "@holdfast/database";
import type { BookingId, UserId } from "@holdfast/domain";
import { type AuthStore, CALL_DEADLINE_MS, DENIAL_EFFECTIVE_WITHIN_MS } from "@holdfast/seat-store";
import { createStepRunner, type DeletionStep, type StepRunner } from "./deletion-steps.ts";
import { denyTokens, restoreSignIn } from "./deny-account.ts";
import { type BookingAhead, findLiveBookings, type LiveBookings } from "./find-live-bookings.ts";
import { type ReleaseDeps, releaseHold } from "./release-hold.ts";

/**
 * How long to wait between the denial and the last check of the bookings. Within this time other processes learn of the denial, or ask
 * Redis and wait for its answer. A hold that was accepted just before that is sent at once, and its script runs or is given up within the
 * deadline of a call.
 */
export const DENIAL_WAIT_MS = DENIAL_EFFECTIVE_WITHIN_MS + 2 * CALL_DEADLINE_MS;
/** How often the bookings are checked before the deletion stops because the holds keep changing. Nearly always one check is enough. */
const CHECKS_MAX = 20;
/** The wait between two checks. A rebuild of a showtime takes some milliseconds. */
const CHECK_EVERY_MS = 250;

/** The dependencies of a deletion. */
export type DeletionDeps = ReleaseDeps & {
	readonly authStore: Pick<AuthStore, "deny" | "allow">;
	/** For tests: called before each step, so that something can happen between two steps. */
	readonly beforeStep?: (step: DeletionStep) => Promise<void>;
	/** For tests without another process. Default: `DENIAL_WAIT_MS`. */
	readonly denialWaitMs?: number;
};

/**
 * `deleted`: the account was anonymised. `bookings_ahead`: the account is kept because of these confirmed bookings; `isMore`: there are
 * further ones. `haveSessionsEnded`: every session has ended although the account is kept; the user can sign in again.
 * `unknown_account`: there is no such account; nothing was changed. `not_admin`: who deletes the account is no admin any more; nothing was
 * changed.
 */
export type DeletionOutcome =
	| { outcome: "deleted"; userId: UserId; holdsReleased: number }
	| { outcome: "bookings_ahead"; bookings: readonly BookingAhead[]; isMore: boolean; haveSessionsEnded: boolean }
	| { outcome: "unknown_account" | "not_admin" };

/**
 * Deletes the account with this e-mail, for an operator; upper and lower case are equal. Takes at least `DENIAL_WAIT_MS`. Safe to call
 * again: after an interruption it continues, after `deleted` the outcome is `unknown_account`. Throws `DeletionInterrupted` if a step fails.
 */
export const deleteAccount = (deps: DeletionDeps, email: string): Promise<DeletionOutcome> =>
	runDeletion(deps, () => findAccount(deps.database, email), OPERATOR);

/**
 * Deletes the account of this user, like `deleteAccount`. `origin`: the command of an admin, which the audit trail keeps; null: the user
 * deletes the own account.
 */
export const deleteAccountById = (deps: DeletionDeps, userId: UserId, origin: AuditOrigin | null): Promise<DeletionOutcome> =>
	runDeletion(deps, () => findAccountById(deps.database, userId), origin);

async function runDeletion(deps: DeletionDeps, find: () => Promise<Account | null>, origin: AuditOrigin | null): Promise<DeletionOutcome> {
	const { database } = deps;
	const steps = createStepRunner(deps.beforeStep);
	const account = await steps.run("find_account", find);
	if (account === null) return { outcome: "unknown_account" };
	const { userId } = account;
	const before = await steps.run("check_bookings", async () => {
		const found = await findLiveBookings(deps, userId);
		requireWritableRedis(deps);
		return found;
	});
	if (before.ahead.length > 0) return keep(deps, userId, before, { wasDenied: account.isDenied, steps });

	if (!(await steps.run("deny_sign_in", () => denySignIn(database, userId, origin?.actor ?? null)))) return { outcome: "not_admin" };
	await steps.run("deny_tokens", () => denyTokens(deps, userId));
	await steps.run("end_sessions", () => endRefreshFamilies(database, userId));
	await steps.run("wait", async () => {
		await delay(deps.denialWaitMs ?? DENIAL_WAIT_MS);
		// After a pause of Redis, its sockets may contain commands of other processes that it has not read yet. Once it has answered this
		// ping, it has read them.
		await deps.seatStore.ping();
	});
	const released = await releaseHolds(deps, userId, steps);
	if (released.ahead.length > 0) return keep(deps, userId, released, { wasDenied: true, steps });
	await steps.run("anonymise", async () => {
		if (!(await anonymiseUser(database, userId, origin))) throw new Error("Another run of this command has unblocked the user's sign-in");
	});
	return { outcome: "deleted", userId, holdsReleased: released.count };
}

/** Releases the live holds and checks the bookings again, until there is no live hold or there is a confirmed booking. */
async function releaseHolds(deps: DeletionDeps, userId: UserId, steps: StepRunner): Promise<LiveBookings & { readonly count: number }> {
	const done = new Set<BookingId>();
	for (let check = 1; check <= CHECKS_MAX; check += 1) {
		const found = await steps.run("recheck_bookings", () => findLiveBookings(deps, userId));
		const holds = found.holds.filter(({ bookingId }) => !done.has(bookingId));
		if (found.ahead.length > 0 || holds.length === 0) return { ...found, count: done.size };
		await steps.run("release_holds", async () => {
			for (const hold of holds) if ((await releaseHold(deps, userId, hold)) === "done") done.add(hold.bookingId);
		});
		if (check > 1) await delay(CHECK_EVERY_MS);
	}
	return steps.run("release_holds", () => Promise.reject(new Error(`The user's holds were still changing after ${CHECKS_MAX} checks`)));
}

async function keep(
	deps: DeletionDeps,
	userId: UserId,
	{ ahead, isMore }: LiveBookings,
	{ wasDenied, steps }: { readonly wasDenied: boolean; readonly steps: StepRunner },
): Promise<DeletionOutcome> {
	if (wasDenied) await steps.run("restore_sign_in", () => restoreSignIn(deps, userId));
	return { outcome: "bookings_ahead", bookings: ahead, isMore, haveSessionsEnded: wasDenied };
}

/** Throws if Redis refuses writes: the deletion would stop half-way later. */
function requireWritableRedis({ seatStore }: DeletionDeps): void {
	const { status, misconfigurations } = seatStore.durability();
	if (status === "refused") throw new Error(`Redis refuses writes: ${misconfigurations.join("; ")}`);
}
