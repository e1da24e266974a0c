/**
 * The steps of the two rebuilders: read the epoch and make a claim; raise the epoch and read the ledger; install. A rebuilder may die
 * at any point, or return its claim because Postgres fails. The model has no clock: a claim may expire, and so be taken over, at any
 * moment.
 */
import {
	BOTH,
	type Entry,
	isPrimary,
	isSameEntry,
	type Ledger,
	nameOf,
	type Pair,
	type Rebuild,
	type Redis,
	replace,
	type State,
	type Step,
	VERSION,
	type Which,
	withServer,
} from "./state.ts";
import type { World } from "./world.ts";

/** Returns the steps that the rebuilders can take in a state. */
export function findRebuilderSteps(state: State, world: World): Step[] {
	return BOTH.flatMap((rebuilder) => {
		const rebuild = state.rebuilds[rebuilder];
		if (rebuild !== null) return [...advance(state, world, rebuilder, rebuild), ...giveUp(state, rebuilder, rebuild)];
		const claimable = BOTH.filter((server) => isPrimary(state, server) && (world.hasLateClaims || needsRebuild(state, world, server)));
		return claimable.map((server) => claim(state, rebuilder, server));
	});
}

/** Whether the showtime must be rebuilt on this server: it is fenced there, or its epoch is older than the ledger's. */
export function needsRebuild(state: State, world: World, server: Which): boolean {
	const { isOpen, epoch } = state.servers[server];
	return (world.safeguards.fence && !isOpen) || epoch < state.ledger.epoch;
}

/** Whether this rebuilder still has the claim on a server that is a primary. */
export function isClaimedBy(state: State, server: Which, rebuilder: Which): boolean {
	return isPrimary(state, server) && state.servers[server].claim === rebuilder;
}

function claim(state: State, rebuilder: Which, server: Which): Step {
	const wasOpen = state.servers[server].isOpen;
	const claimed: Rebuild = { phase: "claimed", server, seen: state.ledger.epoch, wasOpen, isReplicated: server === 1 };
	const frozen = withServer(state, server, { isOpen: false, claim: rebuilder });
	return [`rebuilder ${rebuilder} claims ${nameOf(server)}`, withRebuild(frozen, rebuilder, claimed)];
}

function advance(state: State, world: World, rebuilder: Which, rebuild: Rebuild): Step[] {
	const { server, wasOpen } = rebuild;
	const who = `rebuilder ${rebuilder}`;
	switch (rebuild.phase) {
		case "claimed": {
			if (world.safeguards.claim && !rebuild.isReplicated) return [];
			if (world.safeguards.compareAndSet && rebuild.seen !== state.ledger.epoch) return [];
			const ledger = { ...state.ledger, epoch: state.ledger.epoch + 1 };
			const raised: Rebuild = { phase: "raised", server, wasOpen, snapshot: ledger };
			return [[`${who} raises the epoch for ${nameOf(server)}`, withRebuild({ ...state, ledger }, rebuilder, raised)]];
		}
		case "raised": {
			const redis = state.servers[server];
			if (!isClaimedBy(state, server, rebuilder) || rebuild.snapshot.epoch <= redis.epoch) return [];
			const installed = withServer(state, server, mergeSnapshot(redis, rebuild.snapshot, world));
			return [[`${who} installs ${nameOf(server)}`, withRebuild(installed, rebuilder, null)]];
		}
	}
}

function giveUp(state: State, rebuilder: Which, { server, wasOpen }: Rebuild): Step[] {
	const idle = withRebuild(state, rebuilder, null);
	const died: Step = [`rebuilder ${rebuilder} dies`, idle];
	// If the showtime was closed before the claim, returning the claim and dying lead to the same state.
	if (!wasOpen || !isClaimedBy(state, server, rebuilder)) return [died];
	const givenBack = withServer(idle, server, { isOpen: true, claim: null });
	return [died, [`rebuilder ${rebuilder} gives back its claim at ${nameOf(server)}`, givenBack]];
}

/**
 * The merge rule. The ledger's owner gets the seat unless Redis has a newer version of the same booking. A booking that is confirmed
 * in Redis and unknown to the ledger keeps the seat. A hold that loses the seat is revoked: its record remains, as an expired hold.
 */
function mergeSnapshot(redis: Redis, snapshot: Ledger, { safeguards }: World): Redis {
	const known = redis.versions;
	const recorded = snapshot.versions;
	let versions: Pair<number> = safeguards.version ? [Math.max(known[0], recorded[0]), Math.max(known[1], recorded[1])] : known;
	let { owner } = redis;
	const isDead = owner !== null && versions[owner] === VERSION.cancelled;
	if (safeguards.version && safeguards.cancelledOwnNothing && isDead) owner = null;
	const buyer = snapshot.owner;
	if (buyer !== null && (!safeguards.version || recorded[buyer] >= known[buyer])) {
		owner = buyer;
		if (versions[buyer] < VERSION.confirmed) versions = replace(versions, buyer, VERSION.confirmed);
	}
	const outbox = [...redis.outbox, ...findMissingEvents(redis, snapshot)];
	return { owner, versions, isOpen: true, epoch: snapshot.epoch, claim: null, outbox };
}

/** Returns events of Redis that are neither in the ledger nor in the outbox. The install emits them again. */
function findMissingEvents(redis: Redis, snapshot: Ledger): Entry[] {
	const latest = BOTH.map((booking) => ({ booking, version: redis.versions[booking] }));
	return latest.filter(({ booking, version }) => {
		if (version < VERSION.confirmed || version <= snapshot.versions[booking]) return false;
		return !redis.outbox.some((entry) => isSameEntry(entry, { booking, version }));
	});
}

function withRebuild(state: State, rebuilder: Which, rebuild: Rebuild | null): State {
	return { ...state, rebuilds: replace(state.rebuilds, rebuilder, rebuild) };
}
