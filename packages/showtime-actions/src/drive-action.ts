/** Carries out the half of an action that happens in the seat store. */
import {
	type ActionOutcome,
	finishAction,
	finishIfOver,
	finishIfSettled,
	noteAttempt,
	type ShowtimeAction,
	takeAction,
} from "@holdfast/database";
import { withOpenShowtime } from "@holdfast/rebuild";
import { type ActionDeps, openerOf } from "./action-deps.ts";
import { driveArchive } from "./drive-archive.ts";

/**
 * `applied`: the seat store has it; the action is finished when the ledger has it too. `finished`: nothing is left to do. `pending`: the
 * seat store could not be asked or has no place for the event; the sweeper tries again. `reason` says why.
 */
export type DriveOutcome =
	| { readonly outcome: "applied" }
	| { readonly outcome: "finished"; readonly result: ActionOutcome }
	| { readonly outcome: "pending"; readonly reason: string };

/**
 * Drives the action one attempt further, unless it is finished. Safe to repeat and to run in several processes: the seat store answers a
 * repeat as the first time. Notes the failure and throws when a store fails; the action is then driven again by the sweeper.
 */
export async function driveAction(deps: ActionDeps, id: string): Promise<DriveOutcome> {
	const action = await takeAction(deps.database, id);
	if (action !== null) return driveTaken(deps, action);
	const result = await finishIfSettled(deps.database, id);
	return result === null ? { outcome: "pending", reason: "another process drives it" } : { outcome: "finished", result };
}

/** Drives an action of which an attempt has begun, such as one of `takeDueActions`. */
export async function driveTaken(deps: ActionDeps, action: ShowtimeAction): Promise<DriveOutcome> {
	try {
		const driven = action.kind === "archive" ? await driveWholeArchive(deps, action) : await driveOne(deps, action);
		await noteAttempt(deps.database, action.id, driven.outcome === "pending" ? driven.reason : null);
		return driven;
	} catch (error) {
		// The store that failed may be the ledger itself; what it did to this attempt matters more.
		await noteAttempt(deps.database, action.id, String(error)).catch(() => {});
		throw error;
	}
}

type Driven = Exclude<ShowtimeAction, { kind: "archive" }>;

async function driveOne(deps: ActionDeps, action: Driven): Promise<DriveOutcome> {
	const { database } = deps;
	const answer = await withOpenShowtime(openerOf(deps, action.showtimeId), () => send(deps, action));
	switch (answer.outcome) {
		case "set": {
			const result = await finishIfSettled(database, action.id);
			return result === null ? { outcome: "applied" } : { outcome: "finished", result };
		}
		case "version_mismatch":
		case "showtime_cancelled":
		case "showtime_closed":
			await finishAction(database, action.id, answer.outcome);
			return { outcome: "finished", result: answer.outcome };
		case "not_opened": {
			if (answer.reason !== "unknown") return { outcome: "pending", reason: answer.reason };
			await finishAction(database, action.id, "unknown");
			return { outcome: "finished", result: "unknown" };
		}
		case "invalid_window":
		case "unknown_tiers":
		case "currency_mismatch":
			throw new Error(`the seat store refused a ${action.kind} as ${answer.outcome}`);
		default: {
			const isOver = await finishIfOver(database, action.id);
			return isOver ? { outcome: "finished", result: "showtime_closed" } : { outcome: "pending", reason: answer.outcome };
		}
	}
}

function send({ seatStore }: ActionDeps, action: Driven) {
	const { showtimeId, command } = action;
	if (action.kind === "cancel")
		return seatStore.setTerms({ showtimeId, terms: { state: "cancelled" }, ifVersions: action.ifVersions, command });
	const { scheduleVersion, from: movedFrom, to } = action;
	return seatStore.reschedule({ showtimeId, scheduleVersion, ...to, movedFrom, command });
}

async function driveWholeArchive(deps: ActionDeps, { movieId }: Extract<ShowtimeAction, { kind: "archive" }>): Promise<DriveOutcome> {
	const { outcome } = await driveArchive(deps, movieId);
	if (outcome === "pending") return { outcome, reason: "showtimes of the movie are not settled yet" };
	return { outcome: "finished", result: outcome === "archived" ? "done" : outcome };
}
