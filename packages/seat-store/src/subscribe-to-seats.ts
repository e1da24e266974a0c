/**
 * Subscriptions to the changes of a showtime's seats, as the scripts publish them. There is one Redis subscription per showtime,
 * however many listeners it has. All use a separate link, where no message waits behind a reply.
 */
import type { ShowtimeId } from "@holdfast/domain";
import { assert } from "@holdfast/runtime";
import type { Redis } from "ioredis";
import { createPingedRoleCheck } from "./check-role.ts";
import { showtimeKeys } from "./keys.ts";
import type { Link, LinkOptions } from "./link.ts";
import { atBucketOf, type Place } from "./place.ts";
import { readInteger } from "./reply.ts";

/** A message about the seats of a showtime. */
export type SeatMessage =
	/** Since this version of the seat map, these seats have the status of this letter. */
	| { readonly what: "seats"; readonly version: number; readonly letter: string; readonly seats: readonly number[] }
	/** At this version the seat map was replaced; its content must be read again. */
	| { readonly what: "reset"; readonly version: number }
	/** The subscription was lost and is active again. Messages that were published meanwhile are missing. */
	| { readonly what: "resumed" };

/** Called with one message at a time, in order. Must not throw. */
export type SeatListener = (message: SeatMessage) => void;

/** Subscribes listeners to showtimes. */
export type SeatSubscriptions = {
	/**
	 * Resolves to a function that ends the subscription, as soon as no later message can be missed unnoticed. Rejects with
	 * `SeatStoreFault` when Redis cannot be reached; then nothing stays subscribed.
	 */
	watch(showtimeId: ShowtimeId, listener: SeatListener): Promise<() => void>;
	/** Ends all subscriptions and closes the connection. */
	close(): void;
};

/** Subscribing takes a fraction of a millisecond, so a later reply means an outage. */
const SUBSCRIBE_DEADLINE_MS = 2_000;

type Channel = {
	readonly place: Place;
	readonly listeners: Set<SeatListener>;
	readonly subscribed: Promise<void>;
	/** The channel was subscribed successfully once. After that, a new connection means that messages may be missing. */
	isLive: boolean;
};

/** Creates the subscriptions. Opens the link when the first listener is added. */
export function createSeatSubscriptions(openLink: (options: Partial<LinkOptions>) => Link): SeatSubscriptions {
	const channels = new Map<string, Channel>();
	let link: Link | null = null;

	/** Subscribes a new connection to every watched channel before the connection is used. */
	async function resubscribe(redis: Redis): Promise<void> {
		redis.on("smessage", (name: string, message: string) => notify(name, parseMessage(message)));
		const before = [...channels].filter(([, channel]) => channel.isLive);
		// One command per channel: on a cluster the channels lie in several slots.
		await Promise.all([...channels.keys()].map((name) => redis.ssubscribe(name)));
		for (const [name, channel] of before) if (channels.get(name) === channel) notify(name, { what: "resumed" });
	}

	function notify(name: string, message: SeatMessage): void {
		for (const listener of [...(channels.get(name)?.listeners ?? [])]) listener(message);
	}

	function subscribe(name: string, place: Place): Channel {
		// A healthy server may publish nothing for a long time, and a demoted server reports nothing, so the connection is probed.
		link ??= openLink({ use: "seat changes", inspect: createPingedRoleCheck(), onConnected: resubscribe });
		const channel: Channel = {
			place,
			listeners: new Set(),
			isLive: false,
			subscribed: link.run(place, "read", SUBSCRIBE_DEADLINE_MS, async (redis) => {
				await redis.ssubscribe(name);
				channel.isLive = true;
			}),
		};
		channels.set(name, channel);
		return channel;
	}

	function leave(name: string, channel: Channel, listener: SeatListener): void {
		if (!channel.listeners.delete(listener) || channel.listeners.size > 0 || channels.get(name) !== channel) return;
		channels.delete(name);
		// If this fails, the connection is lost, and the subscription with it.
		link?.run(channel.place, "read", SUBSCRIBE_DEADLINE_MS, (redis) => redis.sunsubscribe(name)).catch(() => {});
	}

	return {
		async watch(showtimeId, listener) {
			const name = showtimeKeys(showtimeId).map;
			// A new function for every call, so that the same listener can be added twice.
			const own: SeatListener = (message) => listener(message);
			const channel = channels.get(name) ?? subscribe(name, atBucketOf(showtimeId));
			channel.listeners.add(own);
			try {
				await channel.subscribed;
			} catch (error) {
				leave(name, channel, own);
				throw error;
			}
			return () => leave(name, channel, own);
		},
		close() {
			channels.clear();
			link?.close();
		},
	};
}

/** `<version> <letter> <seat,seat,...>` or `<version> reset` (include/write-map.lua, install-showtime.lua). */
function parseMessage(message: string): SeatMessage {
	const [version, letter, seats] = message.split(" ");
	if (letter === "reset") return { what: "reset", version: readInteger(version) };
	assert(letter !== undefined && seats !== undefined, `a seat map message is not a version, a letter and seats: ${message}`);
	return { what: "seats", version: readInteger(version), letter, seats: seats.split(",").map(readInteger) };
}
