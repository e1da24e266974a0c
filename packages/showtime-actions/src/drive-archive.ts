/**
 * Carries out the archive of a movie: pauses its showtimes to come, counts what buyers have, and then cancels them all or reopens those
 * that it has paused.
 */
import {
	type ArchiveAction,
	type ArchiveResult,
	concludeArchive,
	decideArchive,
	findArchiveResult,
	finishAction,
	finishIfOver,
	listArchiveActions,
	noteArchive,
} from "@holdfast/database";
import type { MovieId, ShowtimeState, StaffCommand } from "@holdfast/domain";
import { withOpenShowtime } from "@holdfast/rebuild";
import { assert } from "@holdfast/runtime";
import { type ActionDeps, openerOf } from "./action-deps.ts";

/**
 * How often one attempt goes through the steps. Each round takes every showtime one step further; staff who change one meanwhile cost a
 * round.
 */
const ROUNDS_MAX = 6;
/** How many showtimes are asked at the same time. */
const SHOWTIMES_AT_ONCE = 8;

/**
 * Drives the archive as far as it goes. `pending`: the seat store has every answer that it gave, and the sweeper goes on. Safe to repeat
 * and to run in several processes. Throws when a store fails.
 *
 * Every command names the version of the terms that the step before has seen. Staff who reopen a showtime after it was counted raise that
 * version, so the cancel is refused, and the showtime is paused and counted again: an archive cancels no buyer.
 */
export async function driveArchive(deps: ActionDeps, movieId: MovieId): Promise<ArchiveResult> {
	const { database } = deps;
	for (let round = 0; round < ROUNDS_MAX; round += 1) {
		const actions = await listArchiveActions(database, movieId);
		if (actions.length === 0) break;
		for (let at = 0; at < actions.length; at += SHOWTIMES_AT_ONCE)
			await Promise.all(actions.slice(at, at + SHOWTIMES_AT_ONCE).map((action) => driveStep(deps, action)));
		if (actions.some(({ step }) => step === "pause" || step === "count")) await decideArchive(database, movieId);
		else if (await concludeArchive(database, movieId)) break;
		else if (actions.every(({ step }) => step === "cancel") && (await areCancelled(deps, movieId))) break;
	}
	return findArchiveResult(database, movieId);
}

/** Whether only the ledger is missing: every showtime is still at its cancel, which the seat store has answered. */
async function areCancelled({ database }: ActionDeps, movieId: MovieId): Promise<boolean> {
	return (await listArchiveActions(database, movieId)).every(({ step }) => step === "cancel");
}

async function driveStep(deps: ActionDeps, action: ArchiveAction): Promise<void> {
	switch (action.step) {
		case "pause":
			return pause(deps, action);
		case "count":
			return action.holds === null ? count(deps, action) : undefined;
		case "cancel":
			return cancel(deps, action);
		case "reopen":
			return reopen(deps, action);
	}
}

/** Notes that it pauses the showtime before it does, so that a process which takes over knows whom to reopen. */
async function pause(deps: ActionDeps, action: ArchiveAction): Promise<void> {
	const { database, seatStore } = deps;
	const counted = await countLive(deps, action);
	if (counted === null) return;
	const showtime = await seatStore.readShowtime(action.showtimeId);
	if (showtime === null) return;
	const { state, showtimeVersion } = showtime;
	// The bookings of a cancelled showtime are cancelled with it, although the seat store keeps its seats as they were.
	const counts = state === "cancelled" ? { holds: 0, bookings: 0 } : null;
	const isOpen = state === "open";
	await noteArchive(database, action, { isPausedHere: isOpen || action.isPausedHere === true });
	const termsVersion = isOpen ? await setState(deps, action, { state: "paused", ifVersion: showtimeVersion }) : showtimeVersion;
	if (termsVersion !== null) await noteArchive(database, action, { step: "count", termsVersion, counts });
}

async function count(deps: ActionDeps, action: ArchiveAction): Promise<void> {
	const counted = await countLive(deps, action);
	if (counted === null) return;
	// Seats in quarantine may have been sold before a proven loss.
	const bookings = counted.bookings + (counted.quarantinedSeats > 0 ? 1 : 0);
	await noteArchive(deps.database, action, { counts: { holds: counted.holds, bookings } });
}

async function cancel(deps: ActionDeps, action: ArchiveAction): Promise<void> {
	const { termsVersion, command } = action;
	assert(termsVersion !== null, `action ${action.id} cancels a showtime that it has not counted`);
	const set = await setState(deps, action, { state: "cancelled", ifVersion: termsVersion, command });
	if (set === null) await noteArchive(deps.database, action, { step: "pause", counts: null });
}

/** Leaves a showtime alone that staff have changed since it was paused. */
async function reopen(deps: ActionDeps, action: ArchiveAction): Promise<void> {
	const { isPausedHere, termsVersion } = action;
	if (isPausedHere === true && termsVersion !== null) await setState(deps, action, { state: "open", ifVersion: termsVersion });
	await finishAction(deps.database, action.id, "has_bookings");
}

/** Null when the showtime cannot be opened now, or is long over. */
async function countLive(deps: ActionDeps, { id, showtimeId }: ArchiveAction) {
	const counted = await withOpenShowtime(openerOf(deps, showtimeId), () => deps.seatStore.countLive(showtimeId));
	if (counted.outcome === "counted") return counted;
	await finishIfOver(deps.database, id);
	return null;
}

type StateChange = {
	readonly state: ShowtimeState;
	readonly ifVersion: number;
	/** Null for a pause that is taken back, or followed by the cancel: the audit trail has one row per showtime, for the cancel. */
	readonly command?: StaffCommand;
};

/**
 * Sets the state and returns the version of the terms, or null when staff have changed them since, or the showtime is over. Throws when
 * the seat store cannot be asked.
 */
async function setState(deps: ActionDeps, { id, showtimeId }: ArchiveAction, change: StateChange): Promise<number | null> {
	const { state, ifVersion, command = null } = change;
	const answer = await withOpenShowtime(openerOf(deps, showtimeId), () =>
		deps.seatStore.setTerms({ showtimeId, terms: { state }, ifVersions: [ifVersion], command }),
	);
	switch (answer.outcome) {
		case "set":
			return answer.showtimeVersion;
		case "version_mismatch":
		case "showtime_cancelled":
			return null;
		case "showtime_closed":
			await finishAction(deps.database, id, "showtime_closed");
			return null;
		default:
			await finishIfOver(deps.database, id);
			throw new Error(`showtime ${showtimeId} could not be set ${state}: ${answer.outcome}`);
	}
}
