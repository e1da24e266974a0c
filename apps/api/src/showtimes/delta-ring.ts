/**
 * Keeps the latest seat changes of one showtime, as the events to send to its watchers. Changes between two flushes form one delta.
 * Statuses are absolute, so a watcher whose version lies inside a delta can apply the whole delta.
 */
import { SEATS_PER_PLAN_MAX } from "@holdfast/domain";
import type { SeatDeltaBody, SeatResetBody } from "../contract/live-seats.ts";

/** Maximum number of deltas kept for clients that reconnect. */
export const DELTAS_MAX = 256;
/** Maximum number of seats in one delta. Beyond it the next delta begins. */
export const DELTA_SEATS_MAX = 4_096;
/** Maximum bytes of deltas sent to one watcher at once. This is the size of the largest map: beyond it, reading the map is cheaper. */
export const CATCH_UP_BYTES_MAX = SEATS_PER_PLAN_MAX;

/** One change: these seats have the status `letter` from `version` on. */
export type SeatChange = { readonly version: number; readonly letter: string; readonly seats: readonly number[] };
/** The bytes of one or more events, and the version that a watcher has after them. */
export type SeatEvents = { readonly version: number; readonly bytes: Buffer };

/** The seat changes of one showtime since some version. */
export type DeltaRing = {
	/** The newest version: the version of the last change added, or of the last restart. */
	latest(): number;
	/** Adds a change. `old`: it was added before. `gap`: changes before it were missed, so nothing was added and the caller must restart. */
	add(change: SeatChange): "taken" | "old" | "gap";
	/** Makes one delta of the changes added since the last flush. */
	flush(): void;
	/** Drops all deltas and continues at `version`. Watchers with an older version get a reset. */
	restart(version: number): void;
	/** Returns the events for a watcher that has `version`: the deltas since then, or a reset if they are not all here. Null: no events. */
	after(version: number): SeatEvents | null;
};

/** Returns an empty ring at version 0. */
export function createDeltaRing(): DeltaRing {
	let deltas: SeatEvents[] = [];
	/** Watchers with this version or a later one can be updated by deltas. */
	let base = 0;
	/** The version of the newest delta, or of the restart. */
	let head = 0;
	let latest = 0;
	const pending = new Map<number, string>();
	/** The last result of `after`: most watchers have the same version. */
	let lastAnswer: { readonly from: number; readonly events: SeatEvents } | null = null;

	function flush(): void {
		if (pending.size === 0) return;
		head = latest;
		deltas.push({ version: head, bytes: deltaEvent({ version: head, seats: [...pending] }) });
		pending.clear();
		lastAnswer = null;
		if (deltas.length > DELTAS_MAX) base = deltas.shift()?.version ?? base;
	}

	function eventsAfter(version: number): SeatEvents {
		if (version >= base) {
			const pendingDeltas = deltas.slice(deltas.findIndex((delta) => delta.version > version));
			const byteCount = pendingDeltas.reduce((sum, { bytes }) => sum + bytes.length, 0);
			if (byteCount <= CATCH_UP_BYTES_MAX) return { version: head, bytes: Buffer.concat(pendingDeltas.map(({ bytes }) => bytes)) };
		}
		return { version: head, bytes: resetEvent({ version: head }) };
	}

	return {
		latest: () => latest,
		add({ version, letter, seats }) {
			if (version <= latest) return "old";
			if (version > latest + 1) return "gap";
			if (pending.size + seats.length > DELTA_SEATS_MAX) flush();
			latest = version;
			for (const seat of seats) pending.set(seat, letter);
			return "taken";
		},
		flush,
		restart(version) {
			deltas = [];
			pending.clear();
			lastAnswer = null;
			base = version;
			head = version;
			latest = version;
		},
		after(version) {
			if (version >= head) return null;
			if (lastAnswer?.from !== version) lastAnswer = { from: version, events: eventsAfter(version) };
			return lastAnswer.events;
		},
	};
}

const deltaEvent = (delta: SeatDeltaBody): Buffer => Buffer.from(`id: ${delta.version}\ndata: ${JSON.stringify(delta)}\n\n`);
const resetEvent = (reset: SeatResetBody): Buffer => Buffer.from(`event: reset\nid: ${reset.version}\ndata: ${JSON.stringify(reset)}\n\n`);
