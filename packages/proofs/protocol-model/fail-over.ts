/**
 * What breaks: the replica lags, is promoted while the old primary goes on, a primary restarts with its data under a new
 * replication id, the old primary comes back as a replica and forgets what it alone had. One failover, any number of
 * restarts.
 */
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
import { answerWaiting } from "./use-seat.ts";
import type { World } from "./world.ts";

export function failOver(state: State, { hasRestarts }: World): Step[] {
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

/** Everything that A has reaches B, and so do the claims and the answers that wait for it. Until then B lags. */
function replicate(state: State): Step {
	const reach = (rebuild: Rebuild | null) => (rebuild?.phase === "claimed" ? { ...rebuild, isReplicated: true } : rebuild);
	const { servers, clients, rebuilds } = state;
	return [
		"replicate",
		{
			...state,
			servers: [servers[0], servers[0]],
			clients: [answerWaiting(clients[0]), answerWaiting(clients[1])],
			rebuilds: [reach(rebuilds[0]), reach(rebuilds[1])],
		},
	];
}

/** A is not told, and serves on. The answers that wait for its replica never come. */
function promote(state: State): Step {
	const servers = replace(state.servers, 1, renewReplicationId(state.servers[1]));
	return ["promote B", { ...state, servers, replica: "promoted", clients: dropWaiting(state.clients) }];
}

/** What A alone had is gone, and nobody asks it again. Its sweeper keeps what it has read. */
function rejoin(state: State): Step {
	return ["A becomes a replica of B", { ...state, servers: [FRESH_REDIS, state.servers[1]], isPrimaryA: false }];
}

/** The showtime's replication id is no longer the server's, and claims made under the old one are void. */
function renewReplicationId(redis: Redis): Redis {
	return { ...redis, isOpen: false, claim: null };
}

function dropWaiting([zero, one]: Pair<Client>): Pair<Client> {
	return [
		{ ...zero, waits: false },
		{ ...one, waits: false },
	];
}
