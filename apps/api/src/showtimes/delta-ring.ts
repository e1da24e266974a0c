/**
 * The latest seat changes of one showtime, as the events that its watchers are sent. Changes between two flushes form one delta.
 * Statuses are absolute, so a watcher whose version lies inside a delta can apply all of it.
 */
import { SEATS_PER_PLAN_MAX } from "@holdfast/domain";
import type { SeatDeltaBody, SeatResetBody } from "../contract/live-seats.ts";

/** Deltas kept for those who come back. */
export const DELTAS_MAX = 256;
/** Seats in one delta, past which the next begins. */
export const DELTA_SEATS_MAX = 4_096;
/** Bytes of deltas sent to one watcher at once: what the largest map weighs, past which reading it is the shorter way. */
export const CATCH_UP_BYTES_MAX = SEATS_PER_PLAN_MAX;

export type SeatChange = { readonly version: number; readonly letter: string; readonly seats: readonly number[] };
/** Bytes of one or more events, and the version that a watcher has with them. */
export type SeatEvents = { readonly version: number; readonly bytes: Buffer };

export type DeltaRing = {
	/** The newest version that was added, or restarted at. */
	latest(): number;
	/** Adds a change. `gap`: changes before it were missed and nothing was added; restart. */
	add(change: SeatChange): "taken" | "old" | "gap";
	/** Makes one delta of the changes added since the last flush. */
	flush(): void;
	/** Forgets everything: watchers with an older version get a reset. */
	restart(version: number): void;
	/** What a watcher who has `version` is to be sent, a reset where deltas do not lead on from there; null: nothing. */
	after(version: number): SeatEvents | null;
};

export function createDeltaRing(): DeltaRing {
	let deltas: SeatEvents[] = [];
	/** Whoever has this version or a later one can be led on by deltas. */
	let base = 0;
	/** The version of the newest delta, or of the restart. */
	let head = 0;
	let latest = 0;
	const pending = new Map<number, string>();
	/** Most watchers stand at the same version. */
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
			const due = deltas.slice(deltas.findIndex((delta) => delta.version > version));
			const weight = due.reduce((sum, { bytes }) => sum + bytes.length, 0);
			if (weight <= CATCH_UP_BYTES_MAX) return { version: head, bytes: Buffer.concat(due.map(({ bytes }) => bytes)) };
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
