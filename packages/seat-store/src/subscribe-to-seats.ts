/**
 * Subscriptions to the changes of a showtime's seats, as Redis publishes them: one per showtime however many listeners there are,
 * on a link of their own, where no message waits behind an answer.
 */
import type { ShowtimeId } from "@holdfast/domain";
import { assert } from "@holdfast/runtime";
import type { Redis } from "ioredis";
import { createPingedRoleCheck } from "./check-role.ts";
import { showtimeKeys } from "./keys.ts";
import type { Link, LinkOptions } from "./link.ts";
import { atBucketOf, type Place } from "./place.ts";
import { readInteger } from "./reply.ts";

export type SeatMessage =
	/** Since this version of the map, these seats have the status of this letter. */
	| { readonly what: "seats"; readonly version: number; readonly letter: string; readonly seats: readonly number[] }
	/** At this version the map was made anew: only reading it tells what it holds. */
	| { readonly what: "reset"; readonly version: number }
	/** The subscription was lost and is there again. What was published meanwhile was missed. */
	| { readonly what: "resumed" };

/** Is called in order, one message at a time; must not throw. */
export type SeatListener = (news: SeatMessage) => void;

export type SeatSubscriptions = {
	/**
	 * Resolves when nothing that is published from then on can be missed unnoticed, to what ends it. Rejects with `SeatStoreFault`
	 * when Redis cannot be reached; then nothing is left behind.
	 */
	watch(showtimeId: ShowtimeId, listener: SeatListener): Promise<() => void>;
	close(): void;
};

/** To subscribe takes a fraction of a millisecond: one that is not answered by then is an outage. */
const SUBSCRIBE_DEADLINE_MS = 2_000;

type Channel = {
	readonly place: Place;
	readonly listeners: Set<SeatListener>;
	readonly subscribed: Promise<void>;
	/** It was subscribed once: from then on a new connection means that something may have been missed. */
	isLive: boolean;
};

/** Connects when somebody watches for the first time. */
export function createSeatSubscriptions(openLink: (options: Partial<LinkOptions>) => Link): SeatSubscriptions {
	const channels = new Map<string, Channel>();
	let link: Link | null = null;

	/** A new connection takes up all that is watched before it is used. */
	async function takeUp(redis: Redis): Promise<void> {
		redis.on("smessage", (name: string, message: string) => notify(name, parseMessage(message)));
		const before = [...channels].filter(([, channel]) => channel.isLive);
		// One by one: on a cluster the channels lie in several slots.
		await Promise.all([...channels.keys()].map((name) => redis.ssubscribe(name)));
		for (const [name, channel] of before) if (channels.get(name) === channel) notify(name, { what: "resumed" });
	}

	function notify(name: string, news: SeatMessage): void {
		for (const listener of [...(channels.get(name)?.listeners ?? [])]) listener(news);
	}

	function subscribe(name: string, place: Place): Channel {
		// A server that only publishes may well be silent, and one that was demoted says nothing of it: it is asked.
		link ??= openLink({ use: "seat changes", inspect: createPingedRoleCheck(), onConnected: takeUp });
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
		// Where this fails the connection is lost, and the subscription with it.
		link?.run(channel.place, "read", SUBSCRIBE_DEADLINE_MS, (redis) => redis.sunsubscribe(name)).catch(() => {});
	}

	return {
		async watch(showtimeId, listener) {
			const name = showtimeKeys(showtimeId).map;
			// A function of its own, so that the same listener may watch twice.
			const own: SeatListener = (news) => listener(news);
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
	const [version, word, seats] = message.split(" ");
	if (word === "reset") return { what: "reset", version: readInteger(version) };
	assert(word !== undefined && seats !== undefined, `a message of the seat map is a version, a letter and seats, not ${message}`);
	return { what: "seats", version: readInteger(version), letter: word, seats: seats.split(",").map(readInteger) };
}
