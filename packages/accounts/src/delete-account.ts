/**
 * Delete an account: end its sessions, release its holds, take the person out of its row. Its bookings stay, and so does the row they
 * name. An account with confirmed bookings ahead is kept.
 *
 * Why nothing can be confirmed for an account that was anonymised:
 * - A confirm is accepted by its token `DENIAL_EFFECTIVE_WITHIN_MS` after the denial at the latest. It names a booking, so its hold
 *   existed by then, and the last look comes later: that look sees the hold, however late the script of the confirm runs.
 * - A hold is released only at the version that the look saw. Of release and confirm one comes first in Redis; if that is the
 *   confirm, the next look finds the booking and the account is kept.
 * - A hold that is placed after the last look, by a request that was accepted before the denial, has nobody who could confirm it,
 *   and expires. `DENIAL_WAIT_MS` makes that a matter of a process that stood still, not of a slow one.
 */

import { setTimeout as delay } from "node:timers/promises";
import { anonymiseUser, denySignIn, endRefreshFamilies, findAccount } from "@holdfast/database";
import type { BookingId, UserId } from "@holdfast/domain";
import { type AuthStore, CALL_DEADLINE_MS, DENIAL_EFFECTIVE_WITHIN_MS } from "@holdfast/seat-store";
import { createStepRunner, type DeletionStep, type StepRunner } from "./deletion-steps.ts";
import { denyTokens, restoreSignIn } from "./deny-account.ts";
import { type BookingAhead, findLiveBookings, type LiveBookings } from "./find-live-bookings.ts";
import { type ReleaseDeps, releaseHold } from "./release-hold.ts";

/**
 * From the denial to the last look: other processes hear of it, or ask Redis and wait for the answer; a hold that was accepted just
 * before is then sent at once, and its script runs or is given up within the deadline of a call.
 */
export const DENIAL_WAIT_MS = DENIAL_EFFECTIVE_WITHIN_MS + 2 * CALL_DEADLINE_MS;
/** Looks in which holds may change under the release before the deletion stops: one is the rule. */
const LOOKS_MAX = 20;
/** Between two of them: a rebuild of a showtime takes some milliseconds. */
const LOOK_EVERY_MS = 250;

export type DeletionDeps = ReleaseDeps & {
	readonly authStore: Pick<AuthStore, "deny" | "allow">;
	/** Runs before each step. For tests: what happens in it happens between two steps. */
	readonly beforeStep?: (step: DeletionStep) => Promise<void>;
	/** Default `DENIAL_WAIT_MS`. For tests without another process. */
	readonly denialWaitMs?: number;
};

/**
 * `bookings_ahead`: the account is kept, for these confirmed bookings and, if `isMore`, others. `haveSessionsEnded`: every session has
 * ended all the same, and the user may sign in again.
 */
export type DeletionOutcome =
	| { outcome: "deleted"; userId: UserId; holdsReleased: number }
	| { outcome: "bookings_ahead"; bookings: readonly BookingAhead[]; isMore: boolean; haveSessionsEnded: boolean }
	| { outcome: "unknown_account" };

/**
 * Delete the account with this e-mail, in whatever case. Takes `DENIAL_WAIT_MS`. Called again after an interruption it goes on; called
 * again after `deleted` it is `unknown_account`. Throws `DeletionInterrupted`.
 */
export async function deleteAccount(deps: DeletionDeps, email: string): Promise<DeletionOutcome> {
	const { database } = deps;
	const steps = createStepRunner(deps.beforeStep);
	const account = await steps.run("find_account", () => findAccount(database, email));
	if (account === null) return { outcome: "unknown_account" };
	const { userId } = account;
	const before = await steps.run("look_for_bookings", async () => {
		const found = await findLiveBookings(deps, userId);
		insistOnWrites(deps);
		return found;
	});
	if (before.ahead.length > 0) return keep(deps, userId, before, { wasDenied: account.isDenied, steps });

	await steps.run("deny_sign_in", () => denySignIn(database, userId));
	await steps.run("deny_tokens", () => denyTokens(deps, userId));
	await steps.run("end_sessions", () => endRefreshFamilies(database, userId));
	await steps.run("wait", async () => {
		await delay(deps.denialWaitMs ?? DENIAL_WAIT_MS);
		// Behind a Redis that stood still, commands of others may lie unread in its sockets: it reads them before what is sent after this.
		await deps.seatStore.ping();
	});
	const released = await releaseHolds(deps, userId, steps);
	if (released.ahead.length > 0) return keep(deps, userId, released, { wasDenied: true, steps });
	await steps.run("anonymise", async () => {
		if (!(await anonymiseUser(database, userId))) throw new Error("Another run of the command has let the user sign in again");
	});
	return { outcome: "deleted", userId, holdsReleased: released.count };
}

/** Look, release what is found, and look again, until a look finds a confirmed booking or nothing. */
async function releaseHolds(deps: DeletionDeps, userId: UserId, steps: StepRunner): Promise<LiveBookings & { readonly count: number }> {
	const over = new Set<BookingId>();
	for (let look = 1; look <= LOOKS_MAX; look += 1) {
		const found = await steps.run("look_again", () => findLiveBookings(deps, userId));
		const holds = found.holds.filter(({ bookingId }) => !over.has(bookingId));
		if (found.ahead.length > 0 || holds.length === 0) return { ...found, count: over.size };
		await steps.run("release_holds", async () => {
			for (const hold of holds) if ((await releaseHold(deps, userId, hold)) === "over") over.add(hold.bookingId);
		});
		if (look > 1) await delay(LOOK_EVERY_MS);
	}
	return steps.run("release_holds", () => Promise.reject(new Error(`Holds of the user kept changing in ${LOOKS_MAX} looks`)));
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

/** A Redis that refuses writes would stop the deletion half-way: better to stop it here. */
function insistOnWrites({ seatStore }: DeletionDeps): void {
	const { status, misconfigurations } = seatStore.durability();
	if (status === "refused") throw new Error(`Redis refuses writes: ${misconfigurations.join("; ")}`);
}
