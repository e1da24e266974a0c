/** For tests of this room: a seat store on a Redis of its own, with one showtime on sale. */
import {
	type BookingEvent,
	type BookingId,
	DEFAULT_LIMITS,
	isBookingEvent,
	type Limits,
	newBookingId,
	newUserId,
	type OpenShowtime,
	type UserId,
} from "@holdfast/domain";
import { buildShowtime, installSnapshot, startTestRedis } from "@holdfast/testing";
import { Redis } from "ioredis";
import { createSeatStore } from "./create-seat-store.ts";
import type { OutboxEntry, PlaceHoldOutcome } from "./outcomes.ts";
import type { SeatStore } from "./seat-store.ts";

export type TestStore = {
	readonly store: SeatStore;
	readonly redis: Redis;
	/** Another store on the same Redis, under other limits. */
	withLimits(limits: Partial<Limits>): SeatStore;
	/** A new showtime, installed. */
	openShowtime(overrides?: Partial<OpenShowtime>): Promise<OpenShowtime>;
	stop(): Promise<void>;
};

export async function openTestStore(options: { cluster?: boolean } = {}): Promise<TestStore> {
	const server = await startTestRedis(options);
	const stores: SeatStore[] = [];
	const withLimits = (limits: Partial<Limits>): SeatStore => {
		const opened = createSeatStore({ url: server.url, limits: { ...DEFAULT_LIMITS, ...limits } });
		stores.push(opened);
		return opened;
	};
	const store = withLimits({});
	const redis = new Redis(server.url);
	return {
		store,
		redis,
		withLimits,
		openShowtime: async (overrides = {}) => {
			const showtime = buildShowtime(overrides);
			await installSnapshot(store, { showtime });
			return showtime;
		},
		stop: async () => {
			redis.disconnect();
			await Promise.all(stores.map((opened) => opened.close()));
			await server.stop();
		},
	};
}

type HoldWish = { userId?: UserId; bookingId?: BookingId; idempotencyKey?: string };

/** Place a hold of these seats, for a new user unless one is named. */
export function hold(store: SeatStore, showtime: OpenShowtime, seats: number[], wish: HoldWish = {}): Promise<PlaceHoldOutcome> {
	return store.placeHold({
		bookingId: wish.bookingId ?? newBookingId(showtime.id),
		userId: wish.userId ?? newUserId(),
		showtime,
		seats,
		amount: seats.length * 1250,
		idempotencyKey: wish.idempotencyKey ?? null,
	});
}

/** Place a hold that must succeed; gives the command that confirms or cancels it. */
export async function held(store: SeatStore, showtime: OpenShowtime, seats: number[], wish: HoldWish = {}) {
	const userId = wish.userId ?? newUserId();
	const placed = await hold(store, showtime, seats, { ...wish, userId });
	if (placed.outcome !== "held") throw new Error(`the hold was answered ${placed.outcome}`);
	return { bookingId: placed.booking.id, showtimeId: showtime.id, userId, ifVersion: null, booking: placed.booking };
}

/** The booking event of an entry. */
export function bookingEventOf(entry: OutboxEntry | undefined): BookingEvent {
	if (!entry?.event || !isBookingEvent(entry.event)) throw new Error("the entry is a booking event");
	return entry.event;
}

/** Everything in Redis, byte for byte: what a refusal must leave as it was. */
export async function dumpAll(redis: Redis): Promise<Record<string, string>> {
	const keys = (await redis.keys("*")).sort();
	const dumps = await Promise.all(keys.map((key) => redis.dumpBuffer(key)));
	return Object.fromEntries(keys.map((key, i) => [key, dumps[i]?.toString("hex") ?? ""]));
}

/** Wait until the clock of Redis has reached `instantMs`. */
export async function reach(redis: Redis, instantMs: number): Promise<void> {
	for (;;) {
		const [seconds = 0, micros = 0] = (await redis.time()).map(Number);
		if (seconds * 1000 + Math.floor(micros / 1000) >= instantMs) return;
	}
}
