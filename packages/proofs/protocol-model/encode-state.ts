/**
 * The key of a state: seven characters, the same for states that no rule can tell apart. Which booking and which rebuilder
 * is called the first does not matter, nor does by how much an epoch is behind the ledger's, nor a claim that is not the one
 * of a rebuilder at work. That makes the set of states finite, although epochs rise for ever.
 */
import type { Pair, Rebuild, Redis, State, Sweep, Which } from "./state.ts";

const LAST_ANSWER = { nothing: 0, confirmed: 1, cancelling: 2, cancelled: 3 } as const;
const REPLICA = { none: 0, attached: 1, promoted: 2 } as const;
/** Each booking is confirmed once and cancelled once. */
const OUTBOX_MAX = 4;

export function encodeState(state: State): string {
	const [zero, one] = [encodeBooking(state, 0), encodeBooking(state, 1)];
	if (zero < one) return encodeUnder(state, 0, zero, one);
	if (one < zero) return encodeUnder(state, 1, one, zero);
	const asIs = encodeUnder(state, 0, zero, one);
	const swapped = encodeUnder(state, 1, one, zero);
	if (swapped < asIs) return swapped;
	return asIs;
}

/** Everything about one booking that does not name the other. */
function encodeBooking({ servers, clients, ledger }: State, booking: Which): number {
	const { lastAnswer, waits } = clients[booking];
	const versions = mix(mix(ledger.versions[booking], 4, servers[0].versions[booking]), 4, servers[1].versions[booking]);
	return mix(mix(mix(versions, 4, LAST_ANSWER[lastAnswer]), 2, bit(waits)), 2, bit(ledger.conflicts[booking]));
}

/** Under the name that `first` gets: 0 for it, 1 for the other booking. */
function encodeUnder(state: State, first: Which, firstBooking: number, secondBooking: number): string {
	const { servers, ledger, sweeps, rebuilds } = state;
	const topology = mix(mix(REPLICA[state.replica], 2, bit(state.isPrimaryA)), 3, nameOf(ledger.owner, first));
	const one = encodeRebuild(state, rebuilds[0], 0, first);
	const two = encodeRebuild(state, rebuilds[1], 1, first);
	return String.fromCharCode(
		firstBooking,
		secondBooking,
		mix(mix(topology, 9, encodeSweep(sweeps[0], ledger.epoch, first)), 9, encodeSweep(sweeps[1], ledger.epoch, first)),
		encodeRedis(servers[0], ledger.epoch, first),
		encodeRedis(servers[1], ledger.epoch, first),
		Math.min(one, two),
		Math.max(one, two),
	);
}

function encodeRedis({ owner, isOpen, epoch, outbox }: Redis, ledgerEpoch: number, first: Which): number {
	if (outbox.length > OUTBOX_MAX) throw new Error(`an outbox of ${outbox.length} entries has no key`);
	let key = mix(mix(nameOf(owner, first), 2, bit(isOpen)), 2, bit(epoch < ledgerEpoch));
	for (let at = 0; at < OUTBOX_MAX; at++) {
		const entry = outbox[at];
		key = mix(key, 5, entry === undefined ? 0 : mix(nameOf(entry.booking, first) - 1, 2, entry.version - 2) + 1);
	}
	return key;
}

function encodeSweep(sweep: Sweep | null, ledgerEpoch: number, first: Which): number {
	if (sweep === null) return 0;
	return mix(mix(nameOf(sweep.entry.booking, first) - 1, 2, sweep.entry.version - 2), 2, bit(sweep.epoch < ledgerEpoch)) + 1;
}

function encodeRebuild({ servers, ledger }: State, rebuild: Rebuild | null, rebuilder: Which, first: Which): number {
	if (rebuild === null) return 0;
	const { server, wasOpen } = rebuild;
	const claim = servers[server].claim === rebuilder ? 1 + bit(wasOpen) : 0;
	if (rebuild.phase === "claimed") {
		return 1 + mix(mix(mix(server, 3, claim), 2, bit(rebuild.seen < ledger.epoch)), 2, bit(rebuild.isReplicated));
	}
	const { owner, versions, epoch } = rebuild.snapshot;
	const [a, b]: Pair<number> = first === 0 ? versions : [versions[1], versions[0]];
	return 100 + mix(mix(mix(mix(mix(server, 3, claim), 2, bit(epoch < ledger.epoch)), 3, nameOf(owner, first)), 4, a), 4, b);
}

/** Appends a digit of the given base. */
function mix(digits: number, base: number, digit: number): number {
	return digits * base + digit;
}

function bit(is: boolean): number {
	return is ? 1 : 0;
}

function nameOf(booking: Which | null, first: Which): number {
	return booking === null ? 0 : booking === first ? 1 : 2;
}
