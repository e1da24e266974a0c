/**
 * The steps of the two sweepers, one at each server. A sweeper reads the oldest outbox entry of its server while that is a primary,
 * and settles it in one transaction. Any number of other steps may happen between the read and the COMMIT. After the COMMIT the
 * sweeper may die before it deletes the entry from the outbox. A batch is a sequence of these steps.
 */
import {
	BOTH,
	type Entry,
	isPrimary,
	isSameEntry,
	type Ledger,
	nameOf,
	replace,
	type State,
	type Step,
	type Sweep,
	VERSION,
	type Which,
	withServer,
} from "./state.ts";
import type { World } from "./world.ts";

/** Returns the steps that the sweepers can take in a state. */
export function findSweeperSteps(state: State, world: World): Step[] {
	return BOTH.flatMap((server) => {
		const sweep = state.sweeps[server];
		return sweep === null ? read(state, server) : commit(state, world, server, sweep);
	});
}

function read(state: State, server: Which): Step[] {
	const { outbox, epoch } = state.servers[server];
	const entry = outbox[0];
	if (!isPrimary(state, server) || entry === undefined) return [];
	return [[`${nameOf(server)}'s sweeper reads ${describeEntry(entry)}`, withSweep(state, server, { entry, epoch })]];
}

function commit(state: State, world: World, server: Which, { entry, epoch }: Sweep): Step[] {
	const who = `${nameOf(server)}'s sweeper`;
	const idle = withSweep(state, server, null);
	const readEpoch = world.safeguards.atomicRead ? epoch : readEpochNow(state);
	if (world.safeguards.epoch && readEpoch < state.ledger.epoch) return [[`${who} leaves ${describeEntry(entry)}`, idle]];
	const written = { ...idle, ledger: write(state.ledger, entry, world) };
	return [
		[`${who} settles ${describeEntry(entry)}`, acknowledge(written, server, entry)],
		[`${who} settles ${describeEntry(entry)} and dies`, written],
	];
}

/** Without the atomic read, the epoch may come from any server that is a primary by now. */
function readEpochNow(state: State): number {
	return Math.max(...BOTH.filter((server) => isPrimary(state, server)).map((server) => state.servers[server].epoch));
}

function write(ledger: Ledger, { booking, version }: Entry, world: World): Ledger {
	if (world.safeguards.settleOnce && version <= ledger.versions[booking]) return ledger;
	const versions = replace(ledger.versions, booking, version);
	if (version === VERSION.cancelled) return { ...ledger, versions, owner: ledger.owner === booking ? null : ledger.owner };
	const isTaken = ledger.owner !== null && ledger.owner !== booking;
	if (isTaken) return { ...ledger, versions, conflicts: replace(ledger.conflicts, booking, true) };
	return { ...ledger, versions, owner: booking };
}

function acknowledge(state: State, server: Which, entry: Entry): State {
	if (!isPrimary(state, server)) return state;
	const outbox = state.servers[server].outbox.filter((other) => !isSameEntry(other, entry));
	return withServer(state, server, { outbox });
}

function withSweep(state: State, server: Which, sweep: Sweep | null): State {
	return { ...state, sweeps: replace(state.sweeps, server, sweep) };
}

function describeEntry({ booking, version }: Entry): string {
	return `${version === VERSION.confirmed ? "confirm" : "cancel"} ${booking}`;
}
