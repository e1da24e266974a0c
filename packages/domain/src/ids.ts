/**
 * Identifiers. Every id is a UUIDv7, so ids sort by creation time. The last byte of a showtime id is its
 * *bucket* (0..15), and a booking inherits its showtime's bucket: any id routes itself to the one Redis slot
 * that holds all it needs, without a lookup (docs/data.md, "Buckets").
 */
import { randomInt, randomUUID } from "node:crypto";

declare const brand: unique symbol;
/** A string that went through its parser or its factory, and can only be used as what it is. */
export type Branded<Name extends string> = string & { readonly [brand]: Name };

export type UserId = Branded<"UserId">;
export type MovieId = Branded<"MovieId">;
export type AuditoriumId = Branded<"AuditoriumId">;
export type SeatPlanId = Branded<"SeatPlanId">;
export type ShowtimeId = Branded<"ShowtimeId">;
export type BookingId = Branded<"BookingId">;

/** Number of buckets. Fixed when a system is installed: ids carry it. Source: ADR 0003. */
export const BUCKET_COUNT = 16;

/** Every bucket of this system. Whatever goes through all buckets goes through this list. */
export const ALL_BUCKETS: readonly number[] = Array.from({ length: BUCKET_COUNT }, (_, bucket) => bucket);

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

/** A new showtime id in `bucket`, or in one drawn at random. */
export function newShowtimeId(bucket: number = randomInt(BUCKET_COUNT)): ShowtimeId {
	return newUuid(bucket) as ShowtimeId;
}

/** A new booking id in the bucket of its showtime. */
export function newBookingId(showtimeId: ShowtimeId): BookingId {
	return newUuid(bucketOf(showtimeId)) as BookingId;
}

/** The bucket that a showtime or booking id carries, 0..15. */
export function bucketOf(id: ShowtimeId | BookingId): number {
	return Number.parseInt(id.slice(-2), 16);
}

function isUuid(text: string): boolean {
	return text.length === 36 && UUID.test(text);
}

function isRouted(text: string): boolean {
	return isUuid(text) && Number.parseInt(text.slice(-2), 16) < BUCKET_COUNT;
}

/** Each parser takes a string from outside and gives the id, or null when no such thing can exist (a 404, not a 400). */
export const parseUserId = (text: string): UserId | null => (isUuid(text) ? (text as UserId) : null);
export const parseMovieId = (text: string): MovieId | null => (isUuid(text) ? (text as MovieId) : null);
export const parseAuditoriumId = (text: string): AuditoriumId | null => (isUuid(text) ? (text as AuditoriumId) : null);
export const parseSeatPlanId = (text: string): SeatPlanId | null => (isUuid(text) ? (text as SeatPlanId) : null);
export const parseShowtimeId = (text: string): ShowtimeId | null => (isRouted(text) ? (text as ShowtimeId) : null);
export const parseBookingId = (text: string): BookingId | null => (isRouted(text) ? (text as BookingId) : null);
