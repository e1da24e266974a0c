/**
 * What must never be: checked in every state, and once more when everything has come to rest: one primary, open under the
 * ledger's epoch, nothing in the outbox, nobody at work.
 */
import { needsRebuild } from "./run-rebuilders.ts";
import { BOTH, isPrimary, type State, VERSION, type Which } from "./state.ts";
import type { World } from "./world.ts";

export type Violation =
	/** Two people have been told that the one seat is theirs. */
	| "two owners"
	/** A booking that was told confirmed found its seat taken in the ledger. */
	| "confirmed booking in conflict"
	/** At rest, a booking that was told confirmed is not in the ledger. */
	| "lost confirm"
	/** At rest, a booking that was told cancelled is still confirmed. */
	| "lost cancel"
	/** At rest, Redis and the ledger do not say the same about who has bought the seat, or how far a booking got. */
	| "drift"
	/** At rest, a cancelled booking owns the seat in Redis: nobody can buy it. */
	| "seat of a dead booking";

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
		if (owner === booking && Math.max(known, recorded) === VERSION.cancelled) found.add("seat of a dead booking");
	}
	return [...found];
}

/** The one primary of a world in which there is nothing left to do, if it is one. */
export function findServerAtRest(state: State, world: World): Which | null {
	const [server, other] = BOTH.filter((which) => isPrimary(state, which));
	if (server === undefined || other !== undefined) return null;
	const isBusy = [...state.sweeps, ...state.rebuilds].some((worker) => worker !== null);
	if (isBusy || state.servers[server].outbox.length > 0 || needsRebuild(state, world, server)) return null;
	return server;
}
