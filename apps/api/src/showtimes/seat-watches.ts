/** Tracks the watched showtimes of this process and limits their watchers. Each showtime is watched once, for any number of watchers. */
import type { ShowtimeId } from "@holdfast/domain";
import type { SeatStore } from "@holdfast/seat-store";
import type { EventStream } from "./event-stream.ts";
import type { NotOpen } from "./open-showtime.ts";
import type { WatchLimits } from "./watch-limits.ts";
import { type ReadMap, type ShowtimeWatch, watchShowtime } from "./watch-showtime.ts";

/** The right of one client to watch a showtime. The caller must `release` it, or the showtime is watched forever. */
export type WatchSlot = {
	readonly outcome: "acquired";
	/** Sends `stream` every change after `since`. */
	join(stream: EventStream, since: number | null): void;
	/** Safe to call twice. */
	release(): void;
};

/** The watched showtimes of one process. */
export type SeatWatches = {
	/** Acquires a slot for a client at `address`. Rejects when the seat store is unavailable. */
	acquire(showtimeId: ShowtimeId, address: string): Promise<WatchSlot | NoSlot | NotOpen>;
	/** The current numbers of watched showtimes and of watchers. */
	size(): { readonly showtimes: number; readonly watchers: number };
	/** Ends every stream and refuses new watchers. */
	close(): void;
};

/** `overloaded`: the process or the showtime has its maximum of watchers. `too_many_requests`: this address has. */
export type NoSlot = { outcome: "overloaded" } | { outcome: "too_many_requests" };

type Entry = { readonly watch: ShowtimeWatch; watchers: number };

/** Returns the watches of one process, none yet. */
export function createSeatWatches(deps: { seatStore: SeatStore; readMap: ReadMap; limits: WatchLimits }): SeatWatches {
	const { seatStore, readMap, limits } = deps;
	const entries = new Map<ShowtimeId, Entry>();
	const watchersByAddress = new Map<string, number>();
	let watchers = 0;
	let isClosed = false;

	function refusalOf(showtimeId: ShowtimeId, address: string): NoSlot | null {
		if (isClosed || watchers >= limits.watchersMax) return { outcome: "overloaded" };
		if ((entries.get(showtimeId)?.watchers ?? 0) >= limits.watchersPerShowtimeMax) return { outcome: "overloaded" };
		const isOverAddress = limits.watchersPerAddressMax !== null && (watchersByAddress.get(address) ?? 0) >= limits.watchersPerAddressMax;
		return isOverAddress ? { outcome: "too_many_requests" } : null;
	}

	function countAddress(address: string, change: 1 | -1): void {
		const count = (watchersByAddress.get(address) ?? 0) + change;
		if (count > 0) watchersByAddress.set(address, count);
		else watchersByAddress.delete(address);
	}

	function occupy(showtimeId: ShowtimeId, address: string): { watch: ShowtimeWatch; vacate: () => void } {
		const entry = entries.get(showtimeId) ?? { watch: watchShowtime({ seatStore, readMap, showtimeId }), watchers: 0 };
		entries.set(showtimeId, entry);
		entry.watchers += 1;
		watchers += 1;
		countAddress(address, 1);
		return {
			watch: entry.watch,
			vacate() {
				entry.watchers -= 1;
				watchers -= 1;
				countAddress(address, -1);
				if (entry.watchers > 0) return;
				entries.delete(showtimeId);
				entry.watch.end();
			},
		};
	}

	return {
		async acquire(showtimeId, address) {
			const refusal = refusalOf(showtimeId, address);
			if (refusal !== null) return refusal;
			// An unknown showtime is refused before anything is subscribed to.
			if (!entries.has(showtimeId)) {
				const live = await readMap(showtimeId);
				if (live.outcome !== "read") return live;
				const late = refusalOf(showtimeId, address);
				if (late !== null) return late;
			}
			const { watch, vacate } = occupy(showtimeId, address);
			try {
				await watch.subscribed;
				const live = await watch.refresh();
				if (live.outcome === "read") return createSlot(watch, live.map.version, vacate);
				vacate();
				return live;
			} catch (error) {
				vacate();
				throw error;
			}
		},
		size: () => ({ showtimes: entries.size, watchers }),
		close() {
			isClosed = true;
			for (const { watch } of entries.values()) watch.end();
		},
	};
}

function createSlot(watch: ShowtimeWatch, mapVersion: number, vacate: () => void): WatchSlot {
	let joined: EventStream | null = null;
	let isReleased = false;
	return {
		outcome: "acquired",
		join(stream, since) {
			joined = stream;
			watch.join(stream, since, mapVersion);
		},
		release() {
			if (isReleased) return;
			isReleased = true;
			if (joined !== null) watch.leave(joined);
			vacate();
		},
	};
}
