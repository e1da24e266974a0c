/** Finds every possible next step of the model. */

import { findClientSteps } from "./find-client-steps.ts";
import { findFailureSteps } from "./find-failure-steps.ts";
import { findRebuilderSteps, isClaimedBy } from "./find-rebuilder-steps.ts";
import { findSweeperSteps } from "./find-sweeper-steps.ts";
import { isPrimary, type State, type Step, type Sweep, type Which } from "./state.ts";
import type { World } from "./world.ts";

/** Returns all steps that clients, sweepers, rebuilders and failures can take from a state. */
export function findSteps(state: State, world: World): Step[] {
	const steps = [
		...findClientSteps(state, world),
		...findSweeperSteps(state, world),
		...findRebuilderSteps(state, world),
		...findFailureSteps(state, world),
	];
	return steps.map(([label, next]) => [label, retireStuckWorkers(next, world)]);
}

/**
 * Makes workers idle whose only possible step is to give up. This saves the search all states in which such a worker has not given
 * up yet.
 */
function retireStuckWorkers(state: State, world: World): State {
	const [sweepA, sweepB] = state.sweeps;
	const [zero, one] = state.rebuilds;
	const sweeps: State["sweeps"] = [
		hasStaleEpoch(state, world, sweepA) ? null : sweepA,
		hasStaleEpoch(state, world, sweepB) ? null : sweepB,
	];
	const rebuilds: State["rebuilds"] = [cannotInstall(state, world, 0) ? null : zero, cannotInstall(state, world, 1) ? null : one];
	const isSame = sweeps[0] === sweepA && sweeps[1] === sweepB && rebuilds[0] === zero && rebuilds[1] === one;
	return isSame ? state : { ...state, sweeps, rebuilds };
}

/** True for a sweeper that read its entry under an old epoch: it will not settle the entry. */
function hasStaleEpoch(state: State, { safeguards }: World, sweep: Sweep | null): boolean {
	return safeguards.epoch && safeguards.atomicRead && sweep !== null && sweep.epoch < state.ledger.epoch;
}

/** True for a rebuilder that lost its claim or its server and cannot raise the epoch either: it can never install. */
function cannotInstall(state: State, { safeguards }: World, rebuilder: Which): boolean {
	const rebuild = state.rebuilds[rebuilder];
	if (rebuild === null || isClaimedBy(state, rebuild.server, rebuilder)) return false;
	const mayRaise = rebuild.phase === "claimed" && !(safeguards.compareAndSet && rebuild.seen < state.ledger.epoch);
	return !mayRaise || !isPrimary(state, rebuild.server);
}
