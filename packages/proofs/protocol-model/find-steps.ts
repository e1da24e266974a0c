/** Every step that the world can take from a state. */
import { failOver } from "./fail-over.ts";
import { isClaimedBy, runRebuilders } from "./run-rebuilders.ts";
import { settleEntry } from "./settle-entry.ts";
import { isPrimary, type State, type Step, type Sweep, type Which } from "./state.ts";
import { useSeat } from "./use-seat.ts";
import type { World } from "./world.ts";

export function findSteps(state: State, world: World): Step[] {
	const steps = [...useSeat(state, world), ...settleEntry(state, world), ...runRebuilders(state, world), ...failOver(state, world)];
	return steps.map(([label, next]) => [label, sendHome(next, world)]);
}

/**
 * Workers that can do nothing more than give up are idle at once: it spares the search the states in which they have not
 * noticed yet.
 */
function sendHome(state: State, world: World): State {
	const [sweepA, sweepB] = state.sweeps;
	const [zero, one] = state.rebuilds;
	const sweeps: State["sweeps"] = [isLate(state, world, sweepA) ? null : sweepA, isLate(state, world, sweepB) ? null : sweepB];
	const rebuilds: State["rebuilds"] = [isBeaten(state, world, 0) ? null : zero, isBeaten(state, world, 1) ? null : one];
	const isSame = sweeps[0] === sweepA && sweeps[1] === sweepB && rebuilds[0] === zero && rebuilds[1] === one;
	return isSame ? state : { ...state, sweeps, rebuilds };
}

/** A sweeper whose read is of an old epoch will leave the entry. */
function isLate(state: State, { safeguards }: World, sweep: Sweep | null): boolean {
	return safeguards.epoch && safeguards.atomicRead && sweep !== null && sweep.epoch < state.ledger.epoch;
}

/** A rebuilder whose claim or server is gone can still raise the epoch from the one it has seen, but never install. */
function isBeaten(state: State, { safeguards }: World, rebuilder: Which): boolean {
	const rebuild = state.rebuilds[rebuilder];
	if (rebuild === null || isClaimedBy(state, rebuild.server, rebuilder)) return false;
	const mayRaise = rebuild.phase === "claimed" && !(safeguards.compareAndSet && rebuild.seen < state.ledger.epoch);
	return !mayRaise || !isPrimary(state, rebuild.server);
}
