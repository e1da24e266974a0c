/**
 * Identifiers. Every id is a UUIDv7, so ids sort by creation time. The last byte of a showtime id is its
 * *bucket* (0..255), and a booking inherits its showtime's bucket: any id routes itself to the one Redis slot
 * that holds all it needs, without a lookup (docs/data.md, "Buckets").
 */
import { randomInt, randomUUID } from "node:crypto";
import { LIMIT_SPECS } from "./limits.ts";

declare const brand: unique symbol;
/** A string that went through its parser or its factory, and can only be used as what it is. */
export type Branded<Name extends string> = string & { readonly [brand]: Name };

export type UserId = Branded<"UserId">;
export type MovieId = Branded<"MovieId">;
export type AuditoriumId = Branded<"AuditoriumId">;
export type SeatPlanId = Branded<"SeatPlanId">;
export type ShowtimeId = Branded<"ShowtimeId">;
export type BookingId = Branded<"BookingId">;

/** As many buckets as the last byte of an id can name. A system uses the first `BUCKETS` of them. Source: ADR 0013. */
const BUCKETS_IN_IDS = 256;

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[1-8][0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

/**
 * A new UUIDv7 (RFC 9562): 48 bits of milliseconds, then random bits; `bucket` fixes the last byte. The random bits are
 * those of `randomUUID`, which draws them in bulk: a quarter of the time that `randomBytes` takes per id.
 */
function newUuid(bucket?: number): string {
	const time = Date.now().toString(16).padStart(12, "0");
	const random = randomUUID();
	const tail = bucket === undefined ? random.slice(34) : bucket.toString(16).padStart(2, "0");
	return `${time.slice(0, 8)}-${time.slice(8)}-7${random.slice(15, 34)}${tail}`;
}

/** A new id whose kind has no bucket. */
export const newUserId = (): UserId => newUuid() as UserId;
export const newMovieId = (): MovieId => newUuid() as MovieId;
export const newAuditoriumId = (): AuditoriumId => newUuid() as AuditoriumId;
export const newSeatPlanId = (): SeatPlanId => newUuid() as SeatPlanId;

/** A new showtime id in `bucket`, or in one that is drawn at random from those that every system has. */
export function newShowtimeId(bucket: number = randomInt(LIMIT_SPECS.buckets.min)): ShowtimeId {
	return newUuid(bucket) as ShowtimeId;
}

/** A new booking id in the bucket of its showtime. */
export function newBookingId(showtimeId: ShowtimeId): BookingId {
	return newUuid(bucketOf(showtimeId)) as BookingId;
}

/** The bucket that a showtime or booking id carries, 0..255. */
export function bucketOf(id: ShowtimeId | BookingId): number {
	return Number.parseInt(id.slice(-2), 16);
}

function isUuid(text: string): boolean {
	return text.length === 36 && UUID.test(text);
}

function isInBuckets(text: string, buckets: number): boolean {
	return isUuid(text) && Number.parseInt(text.slice(-2), 16) < buckets;
}

/** Each parser takes a string from outside and gives the id, or null when no such thing can exist (a 404, not a 400). */
export const parseUserId = (text: string): UserId | null => (isUuid(text) ? (text as UserId) : null);
export const parseMovieId = (text: string): MovieId | null => (isUuid(text) ? (text as MovieId) : null);
export const parseAuditoriumId = (text: string): AuditoriumId | null => (isUuid(text) ? (text as AuditoriumId) : null);
export const parseSeatPlanId = (text: string): SeatPlanId | null => (isUuid(text) ? (text as SeatPlanId) : null);
/** `buckets`: ids of buckets at or above it are none; the edges of a system give its `BUCKETS`. */
export const parseShowtimeId = (text: string, buckets = BUCKETS_IN_IDS): ShowtimeId | null =>
	isInBuckets(text, buckets) ? (text as ShowtimeId) : null;
export const parseBookingId = (text: string, buckets = BUCKETS_IN_IDS): BookingId | null =>
	isInBuckets(text, buckets) ? (text as BookingId) : null;
