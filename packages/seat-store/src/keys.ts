/**
 * Every Redis key of the system, in one place. The hash tag of a bucket keeps a showtime, its bookings and its outbox
 * in one Cluster slot, so that one script may change them together. docs/data.md describes the contents.
 */
import { type BookingId, bucketOf, type SeatPlanId, type ShowtimeId, type UserId } from "@holdfast/domain";
import { tagOf } from "./bucket-tags.ts";

/** Keys of one bucket. */
export const bucketKeys = (bucket: number) => ({
	outbox: `${tagOf(bucket)}:ob`,
	seq: `${tagOf(bucket)}:seq`,
	timeline: `${tagOf(bucket)}:timeline`,
	epochs: `${tagOf(bucket)}:epochs`,
	expiries: `${tagOf(bucket)}:exp`,
	/** Present while a sweeper reaches the bucket. */
	swept: `${tagOf(bucket)}:swept`,
});

/** Keys of one showtime. */
export function showtimeKeys(showtimeId: ShowtimeId) {
	const prefix = `${tagOf(bucketOf(showtimeId))}:st:${showtimeId}`;
	return {
		meta: `${prefix}:meta`,
		owner: `${prefix}:owner`,
		map: `${prefix}:map`,
		expiry: `${prefix}:exp`,
		buyers: `${prefix}:buyers`,
		/** What a rebuild has merged so far; they take the place of the four above in its last step. */
		stagedOwner: `${prefix}:owner:staged`,
		stagedMap: `${prefix}:map:staged`,
		stagedExpiry: `${prefix}:exp:staged`,
		stagedBuyers: `${prefix}:buyers:staged`,
	};
}

/** A booking's record. */
export const bookingKey = (bookingId: BookingId): string => `${tagOf(bucketOf(bookingId))}:bk:${bookingId}`;

/** A user's recent bookings in one bucket. */
export const userIndexKey = (bucket: number, userId: UserId): string => `${tagOf(bucket)}:u:${userId}`;

/** What an idempotency key was used for; its scope is one user at one showtime. */
export const idempotencyKey = (userId: UserId, showtimeId: ShowtimeId, key: string): string =>
	`${tagOf(bucketOf(showtimeId))}:idem:${userId}:${showtimeId}:${key}`;

/** A seat plan, for the showtimes of one bucket: immutable, never touched by a script. */
export const planKey = (bucket: number, planId: SeatPlanId): string => `${tagOf(bucket)}:plan:${planId}`;

/** The bucket in which a write is tried. */
export const PROBED_BUCKET = 0;
/** Written once a second, to learn whether Redis takes writes. Nobody reads it. */
export const WRITE_PROBE_KEY = `${tagOf(PROBED_BUCKET)}:health:write`;

/** Buckets that have a copy of the deny list: two, whose tags lie in opposite halves of the slots, so that no one server has both. */
export const DENIED_BUCKETS = [0, 1] as const;

/** One copy of the deny list. */
export const deniedKeys = (bucket: (typeof DENIED_BUCKETS)[number]) => ({
	/** Families of access tokens that are refused, and users all of whose tokens are, by the instant until which they are. */
	list: `${tagOf(bucket)}:denied`,
	/** The channel on which every denial is published. */
	channel: `${tagOf(bucket)}:denied`,
});

/** Of the layout before the tags of bucket-tags.ts: written without an end by the first install of a showtime in one of its sixteen buckets. */
export const OLD_LAYOUT_KEYS: readonly string[] = Array.from({ length: 16 }, (_, bucket) => [
	`{b${bucket}}:epochs`,
	`{b${bucket}}:line`,
	`{b${bucket}}:timeline`,
]).flat();

/** Attempts of one subject in the running window of a limit: the one kind of key that is in no bucket, each where its own name lies. */
export const attemptsKey = (limit: string, subjectHash: string): string => `attempts:${limit}:${subjectHash}`;
