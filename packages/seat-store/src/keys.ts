/**
 * Every Redis key of the system. The hash tag of a bucket keeps a showtime, its bookings and its outbox in one Cluster slot, so
 * that one script can change all of them. docs/data.md describes the contents.
 */
import { type BookingId, bucketOf, type SeatPlanId, type ShowtimeId, type UserId } from "@holdfast/domain";
import { tagOf } from "./bucket-tags.ts";

/** Returns the keys of one bucket. */
export const bucketKeys = (bucket: number) => ({
	outbox: `${tagOf(bucket)}:ob`,
	seq: `${tagOf(bucket)}:seq`,
	timeline: `${tagOf(bucket)}:timeline`,
	epochs: `${tagOf(bucket)}:epochs`,
	expiries: `${tagOf(bucket)}:exp`,
	/** Heartbeat of the sweeper: exists while a sweeper reaches the bucket. */
	heartbeat: `${tagOf(bucket)}:swept`,
});

/** Returns the keys of one showtime. */
export function showtimeKeys(showtimeId: ShowtimeId) {
	const prefix = `${tagOf(bucketOf(showtimeId))}:st:${showtimeId}`;
	return {
		meta: `${prefix}:meta`,
		owner: `${prefix}:owner`,
		map: `${prefix}:map`,
		expiry: `${prefix}:exp`,
		buyers: `${prefix}:buyers`,
		/** Where a rebuild collects what it has merged. Its last step renames these four keys to the four above. */
		stagedOwner: `${prefix}:owner:staged`,
		stagedMap: `${prefix}:map:staged`,
		stagedExpiry: `${prefix}:exp:staged`,
		stagedBuyers: `${prefix}:buyers:staged`,
	};
}

/** Returns the key of a booking's record. */
export const bookingKey = (bookingId: BookingId): string => `${tagOf(bucketOf(bookingId))}:bk:${bookingId}`;

/** Returns the key of a user's recent bookings in one bucket. */
export const userIndexKey = (bucket: number, userId: UserId): string => `${tagOf(bucket)}:u:${userId}`;

/** Returns the key that remembers what an idempotency key was used for. An idempotency key is valid for one user at one showtime. */
export const idempotencyKey = (userId: UserId, showtimeId: ShowtimeId, key: string): string =>
	`${tagOf(bucketOf(showtimeId))}:idem:${userId}:${showtimeId}:${key}`;

/**
 * Returns the key that remembers what an idempotency key of staff was used for. It is the actor's, not the customer's: the box-office
 * account is everyone's. No key of a client contains a dot, so a sale never meets a hold that the actor places as a customer.
 */
export const staffIdempotencyKey = (actor: UserId, showtimeId: ShowtimeId, key: string): string =>
	idempotencyKey(actor, showtimeId, `staff.${key}`);

/** Returns the key of a seat plan, which the showtimes of one bucket share. The plan is immutable, and no script touches the key. */
export const planKey = (bucket: number, planId: SeatPlanId): string => `${tagOf(bucket)}:plan:${planId}`;

/** The bucket of the write probe. */
export const PROBED_BUCKET = 0;
/** Written once a second to test whether Redis accepts writes. Never read. */
export const WRITE_PROBE_KEY = `${tagOf(PROBED_BUCKET)}:health:write`;

/**
 * Buckets that have a copy of the deny list. The tags of these two lie in opposite halves of the slots, so that no server has
 * both copies.
 */
export const DENIED_BUCKETS = [0, 1] as const;

/** Returns the keys of one copy of the deny list. */
export const deniedKeys = (bucket: (typeof DENIED_BUCKETS)[number]) => ({
	/** Denied families and users, scored by the end of their denial (epoch ms). */
	list: `${tagOf(bucket)}:denied`,
	/** The channel on which every denial is published. */
	channel: `${tagOf(bucket)}:denied`,
});

/**
 * Keys of the layout before bucket-tags.ts. The first install of a showtime in one of its sixteen buckets wrote them, without an
 * expiry.
 */
export const OLD_LAYOUT_KEYS: readonly string[] = Array.from({ length: 16 }, (_, bucket) => [
	`{b${bucket}}:epochs`,
	`{b${bucket}}:line`,
	`{b${bucket}}:timeline`,
]).flat();

/**
 * Returns the counter of one subject in the current window of a limit. The only kind of key that is in no bucket: its own name
 * decides the slot.
 */
export const attemptsKey = (limit: string, subjectHash: string): string => `attempts:${limit}:${subjectHash}`;
