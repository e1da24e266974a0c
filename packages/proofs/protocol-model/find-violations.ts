/**
 * The promises of the protocol, checked in every state. Some are checked only at rest: there is one primary, it is open under the
 * ledger's epoch, its outbox is empty, and no sweeper or rebuilder is working.
 */
import { needsRebuild } from "./find-rebuilder-steps.ts";
import { BOTH, isPrimary, type State, VERSION, type Which } from "./state.ts";
import type { World } from "./world.ts";

/** A kind of broken promise. */
export type Violation =
	/** Both bookings were acknowledged as confirmed, for the one seat. */
	| "two owners"
	/** The ledger gave the seat of a booking that was acknowledged as confirmed to the other booking. */
	| "confirmed booking in conflict"
	/** At rest, the ledger does not have a booking that was acknowledged as confirmed. */
	| "lost confirm"
	/** At rest, a booking that was acknowledged as cancelled is still confirmed. */
	| "lost cancel"
	/** At rest, Redis and the ledger disagree about the owner of the seat or the version of a booking. */
	| "drift"
	/** At rest, a cancelled booking owns the seat in Redis, so the seat cannot be sold. */
	| "seat owned by a cancelled booking";

/** Returns each kind of violation in this state once; an empty list when there is none. */
export function findViolations(state: State, world: World): Violation[] {
	const { clients, ledger } = state;
	const found = new Set<Violation>();
	if (BOTH.every((booking) => clients[booking].lastAnswer === "confirmed")) found.add("two owners");
	for (const booking of BOTH) {
		if (clients[booking].lastAnswer !== "nothing" && ledger.conflicts[booking]) found.add("confirmed booking in conflict");
	}
	const server = findServerAtRest(state, world);
	if (server === null) return [...found];

	const { owner, versions } = state.servers[server];
	const sold = owner !== null && versions[owner] === VERSION.confirmed ? owner : null;
	if (sold !== ledger.owner) found.add("drift");
	for (const booking of BOTH) {
		const recorded = ledger.versions[booking];
		const known = versions[booking];
		const { lastAnswer } = clients[booking];
		if (lastAnswer === "confirmed" && ledger.owner !== booking) found.add("lost confirm");
		if (lastAnswer === "cancelled" && (recorded !== VERSION.cancelled || known !== VERSION.cancelled)) found.add("lost cancel");
		if (known !== recorded && Math.max(known, recorded) > VERSION.held) found.add("drift");
		if (owner === booking && Math.max(known, recorded) === VERSION.cancelled) found.add("seat owned by a cancelled booking");
	}
	return [...found];
}

/** Returns the only primary if the state is at rest, else null. */
export function findServerAtRest(state: State, world: World): Which | null {
	const [server, other] = BOTH.filter((which) => isPrimary(state, which));
	if (server === undefined || other !== undefined) return null;
	const isBusy = [...state.sweeps, ...state.rebuilds].some((worker) => worker !== null);
	if (isBusy || state.servers[server].outbox.length > 0 || needsRebuild(state, world, server)) return null;
	return server;
}
