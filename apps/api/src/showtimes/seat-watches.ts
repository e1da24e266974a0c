/** Every showtime that somebody watches in this process, and how many they are: each watched once, however many look on. */
import type { ShowtimeId } from "@holdfast/domain";
import type { SeatStore } from "@holdfast/seat-store";
import type { EventStream } from "./event-stream.ts";
import type { NotOpen } from "./open-showtime.ts";
import type { WatchLimits } from "./watch-limits.ts";
import { type ReadMap, type ShowtimeWatch, watchShowtime } from "./watch-showtime.ts";

/** A place at a watched showtime. It is given back with `leave`, or the showtime is watched for ever. */
export type Place = {
	readonly outcome: "entered";
	/** Sends `stream` every change after `since`. */
	join(stream: EventStream, since: number | null): void;
	/** Safe to call twice. */
	leave(): void;
};

export type SeatWatches = {
	/** Take a place for somebody at `address`. Throws as the store does when it cannot be reached. */
	enter(showtimeId: ShowtimeId, address: string): Promise<Place | NoPlace | NotOpen>;
	/** Showtimes watched now, and by how many. */
	size(): { readonly showtimes: number; readonly watchers: number };
	/** End every stream, and let nobody in any more. */
	close(): void;
};

/** `overloaded`: no place is left. `too_many_requests`: none for this address. */
export type NoPlace = { outcome: "overloaded" } | { outcome: "too_many_requests" };

type Entry = { readonly watch: ShowtimeWatch; places: number };

export function createSeatWatches(deps: { seatStore: SeatStore; readMap: ReadMap; limits: WatchLimits }): SeatWatches {
	const { seatStore, readMap, limits } = deps;
	const entries = new Map<ShowtimeId, Entry>();
	const placesOf = new Map<string, number>();
	let watchers = 0;
	let isClosed = false;

	function refusalOf(showtimeId: ShowtimeId, address: string): NoPlace | null {
		if (isClosed || watchers >= limits.watchersMax) return { outcome: "overloaded" };
		if ((entries.get(showtimeId)?.places ?? 0) >= limits.watchersPerShowtimeMax) return { outcome: "overloaded" };
		const isOverAddress = limits.watchersPerAddressMax !== null && (placesOf.get(address) ?? 0) >= limits.watchersPerAddressMax;
		return isOverAddress ? { outcome: "too_many_requests" } : null;
	}

	function countAddress(address: string, change: 1 | -1): void {
		const places = (placesOf.get(address) ?? 0) + change;
		if (places > 0) placesOf.set(address, places);
		else placesOf.delete(address);
	}

	function take(showtimeId: ShowtimeId, address: string): { watch: ShowtimeWatch; giveBack: () => void } {
		const entry = entries.get(showtimeId) ?? { watch: watchShowtime({ seatStore, readMap, showtimeId }), places: 0 };
		entries.set(showtimeId, entry);
		entry.places += 1;
		watchers += 1;
		countAddress(address, 1);
		return {
			watch: entry.watch,
			giveBack() {
				entry.places -= 1;
				watchers -= 1;
				countAddress(address, -1);
				if (entry.places > 0) return;
				entries.delete(showtimeId);
				entry.watch.end();
			},
		};
	}

	return {
		async enter(showtimeId, address) {
			const refusal = refusalOf(showtimeId, address);
			if (refusal !== null) return refusal;
			// Whether there is such a showtime is asked before anything is subscribed to.
			if (!entries.has(showtimeId)) {
				const live = await readMap(showtimeId);
				if (live.outcome !== "read") return live;
				const late = refusalOf(showtimeId, address);
				if (late !== null) return late;
			}
			const { watch, giveBack } = take(showtimeId, address);
			try {
				await watch.subscribed;
				const live = await watch.refresh();
				if (live.outcome === "read") return placeAt(watch, live.map.version, giveBack);
				giveBack();
				return live;
			} catch (error) {
				giveBack();
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

function placeAt(watch: ShowtimeWatch, mapVersion: number, giveBack: () => void): Place {
	let joined: EventStream | null = null;
	let hasLeft = false;
	return {
		outcome: "entered",
		join(stream, since) {
			joined = stream;
			watch.join(stream, since, mapVersion);
		},
		leave() {
			if (hasLeft) return;
			hasLeft = true;
			if (joined !== null) watch.leave(joined);
			giveBack();
		},
	};
}
