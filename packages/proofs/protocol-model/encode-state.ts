/**
 * Encodes a state as a key of seven characters. States that no rule distinguishes have the same key: the order of the two bookings
 * and of the two rebuilders does not matter, nor by how much an epoch is behind the ledger's, nor a claim of a rebuilder that no
 * longer runs. This makes the number of keys finite although epochs grow without limit.
 */
import type { Pair, Rebuild, Redis, State, Sweep, Which } from "./state.ts";

const LAST_ANSWER = { nothing: 0, confirmed: 1, cancelling: 2, cancelled: 3 } as const;
const REPLICA = { none: 0, attached: 1, promoted: 2 } as const;
/** Each booking is confirmed once and cancelled once. */
const OUTBOX_MAX = 4;

/** Returns the key of a state. Throws when an outbox has more entries than two bookings can have. */
export function encodeState(state: State): string {
	const [zero, one] = [encodeBooking(state, 0), encodeBooking(state, 1)];
	if (zero < one) return encodeUnder(state, 0, zero, one);
	if (one < zero) return encodeUnder(state, 1, one, zero);
	const asIs = encodeUnder(state, 0, zero, one);
	const swapped = encodeUnder(state, 1, one, zero);
	if (swapped < asIs) return swapped;
	return asIs;
}

/** Encodes everything about one booking that does not depend on the other. */
function encodeBooking({ servers, clients, ledger }: State, booking: Which): number {
	const { lastAnswer, waits } = clients[booking];
	const versions = appendDigit(appendDigit(ledger.versions[booking], 4, servers[0].versions[booking]), 4, servers[1].versions[booking]);
	return appendDigit(appendDigit(appendDigit(versions, 4, LAST_ANSWER[lastAnswer]), 2, bit(waits)), 2, bit(ledger.conflicts[booking]));
}

/** Encodes the whole state with `first` as the first booking and the other one as the second. */
function encodeUnder(state: State, first: Which, firstBooking: number, secondBooking: number): string {
	const { servers, ledger, sweeps, rebuilds } = state;
	const topology = appendDigit(appendDigit(REPLICA[state.replica], 2, bit(state.isPrimaryA)), 3, rankOf(ledger.owner, first));
	const one = encodeRebuild(state, rebuilds[0], 0, first);
	const two = encodeRebuild(state, rebuilds[1], 1, first);
	return String.fromCharCode(
		firstBooking,
		secondBooking,
		appendDigit(appendDigit(topology, 9, encodeSweep(sweeps[0], ledger.epoch, first)), 9, encodeSweep(sweeps[1], ledger.epoch, first)),
		encodeRedis(servers[0], ledger.epoch, first),
		encodeRedis(servers[1], ledger.epoch, first),
		Math.min(one, two),
		Math.max(one, two),
	);
}

function encodeRedis({ owner, isOpen, epoch, outbox }: Redis, ledgerEpoch: number, first: Which): number {
	if (outbox.length > OUTBOX_MAX) throw new Error(`cannot encode an outbox of ${outbox.length} entries, more than ${OUTBOX_MAX}`);
	let key = appendDigit(appendDigit(rankOf(owner, first), 2, bit(isOpen)), 2, bit(epoch < ledgerEpoch));
	for (let at = 0; at < OUTBOX_MAX; at++) {
		const entry = outbox[at];
		key = appendDigit(key, 5, entry === undefined ? 0 : appendDigit(rankOf(entry.booking, first) - 1, 2, entry.version - 2) + 1);
	}
	return key;
}

function encodeSweep(sweep: Sweep | null, ledgerEpoch: number, first: Which): number {
	if (sweep === null) return 0;
	return (
		appendDigit(appendDigit(rankOf(sweep.entry.booking, first) - 1, 2, sweep.entry.version - 2), 2, bit(sweep.epoch < ledgerEpoch)) + 1
	);
}

function encodeRebuild({ servers, ledger }: State, rebuild: Rebuild | null, rebuilder: Which, first: Which): number {
	if (rebuild === null) return 0;
	const { server, wasOpen } = rebuild;
	const claim = servers[server].claim === rebuilder ? 1 + bit(wasOpen) : 0;
	if (rebuild.phase === "claimed") {
		return 1 + appendDigit(appendDigit(appendDigit(server, 3, claim), 2, bit(rebuild.seen < ledger.epoch)), 2, bit(rebuild.isReplicated));
	}
	const { owner, versions, epoch } = rebuild.snapshot;
	const [a, b]: Pair<number> = first === 0 ? versions : [versions[1], versions[0]];
	return (
		100 +
		appendDigit(
			appendDigit(appendDigit(appendDigit(appendDigit(server, 3, claim), 2, bit(epoch < ledger.epoch)), 3, rankOf(owner, first)), 4, a),
			4,
			b,
		)
	);
}

/** Appends a digit in the given base to a number. */
function appendDigit(digits: number, base: number, digit: number): number {
	return digits * base + digit;
}

function bit(is: boolean): number {
	return is ? 1 : 0;
}

function rankOf(booking: Which | null, first: Which): number {
	return booking === null ? 0 : booking === first ? 1 : 2;
}
