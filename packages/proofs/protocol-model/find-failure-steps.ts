/**
 * The failures of the model. The replica lags; it is promoted while the old primary keeps serving; a primary restarts with its data
 * and a new replication id; the old primary becomes a replica of the new one and loses the data that it alone had. There is one
 * failover, and any number of restarts.
 */

import { answerWaiting } from "./find-client-steps.ts";
import {
	BOTH,
	type Client,
	FRESH_REDIS,
	isPrimary,
	nameOf,
	type Pair,
	type Rebuild,
	type Redis,
	replace,
	type State,
	type Step,
	type Which,
} from "./state.ts";
import type { World } from "./world.ts";

/** Returns the replication, promotion, restart and rejoin steps that are possible in a state. */
export function findFailureSteps(state: State, { hasRestarts }: World): Step[] {
	const steps: Step[] = [];
	if (hasRestarts) for (const server of BOTH) if (isPrimary(state, server)) steps.push(restart(state, server));
	if (state.replica === "attached") steps.push(replicate(state), promote(state));
	if (state.replica === "promoted" && state.isPrimaryA) steps.push(rejoin(state));
	return steps;
}

function restart(state: State, server: Which): Step {
	const clients = server === 0 ? dropWaiting(state.clients) : state.clients;
	const servers = replace(state.servers, server, renewReplicationId(state.servers[server]));
	return [`restart ${nameOf(server)}`, { ...state, servers, clients }];
}

/** B receives all data of A. Claims and answers that wait for the replica complete. Before this step B lags. */
function replicate(state: State): Step {
	const markReplicated = (rebuild: Rebuild | null) => (rebuild?.phase === "claimed" ? { ...rebuild, isReplicated: true } : rebuild);
	const { servers, clients, rebuilds } = state;
	return [
		"replicate",
		{
			...state,
			servers: [servers[0], servers[0]],
			clients: [answerWaiting(clients[0]), answerWaiting(clients[1])],
			rebuilds: [markReplicated(rebuilds[0]), markReplicated(rebuilds[1])],
		},
	];
}

/** B becomes a primary. A is not notified and keeps serving. Answers that wait for A's replica are never sent. */
function promote(state: State): Step {
	const servers = replace(state.servers, 1, renewReplicationId(state.servers[1]));
	return ["promote B", { ...state, servers, replica: "promoted", clients: dropWaiting(state.clients) }];
}

/** A loses the data that only A had, and serves no client any more. A's sweeper keeps the entry that it has read. */
function rejoin(state: State): Step {
	return ["A becomes a replica of B", { ...state, servers: [FRESH_REDIS, state.servers[1]], isPrimaryA: false }];
}

/** Gives the server a new replication id: the showtime is no longer open there, and claims under the old id are void. */
function renewReplicationId(redis: Redis): Redis {
	return { ...redis, isOpen: false, claim: null };
}

function dropWaiting([zero, one]: Pair<Client>): Pair<Client> {
	return [
		{ ...zero, waits: false },
		{ ...one, waits: false },
	];
}
