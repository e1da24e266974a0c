/**
 * Identifiers: branded types, factories and parsers. Every id is a UUIDv7, so ids sort by creation time. The last byte of a showtime id
 * is its *bucket* (0..255), and a booking id has the bucket of its showtime. So any id leads to its Redis slot without a lookup
 * (docs/data.md, "Buckets").
 */
import { randomInt, randomUUID } from "node:crypto";
import { LIMIT_SPECS } from "./limits.ts";

declare const brand: unique symbol;
/** A string that only its parser or its factory produces: an id of one kind cannot be passed where another kind is expected. */
export type Branded<Name extends string> = string & { readonly [brand]: Name };

export type UserId = Branded<"UserId">;
export type MovieId = Branded<"MovieId">;
export type AuditoriumId = Branded<"AuditoriumId">;
export type SeatPlanId = Branded<"SeatPlanId">;
export type ShowtimeId = Branded<"ShowtimeId">;
export type BookingId = Branded<"BookingId">;
export type AuditEventId = Branded<"AuditEventId">;
export type NoticeId = Branded<"NoticeId">;

/** The number of buckets that the last byte of an id can name. A system uses the first `BUCKETS` of them. Source: ADR 0013. */
const BUCKETS_IN_IDS = 256;

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[1-8][0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

/**
 * Returns a new UUIDv7 (RFC 9562): 48 bits of milliseconds, then random bits; `bucket` sets the last byte. The random bits come from
 * `randomUUID`, which draws them in bulk and takes a quarter of the time of `randomBytes` per id.
 */
function newUuid(bucket?: number): string {
	const time = Date.now().toString(16).padStart(12, "0");
	const random = randomUUID();
	const tail = bucket === undefined ? random.slice(34) : bucket.toString(16).padStart(2, "0");
	return `${time.slice(0, 8)}-${time.slice(8)}-7${random.slice(15, 34)}${tail}`;
}

/** A new user id. It has no bucket: a user may have bookings in every bucket. */
export const newUserId = (): UserId => newUuid() as UserId;
/**
 * The account that owns what staff sell at the counter to a customer without an account. It cannot sign in. The seat store keeps neither
 * an index nor a buyer entry of its bookings, which would grow without end. `include/buyers.lua` has the same id.
 */
export const BOX_OFFICE_USER_ID = "00000000-0000-7000-8000-00000000b0f1" as UserId;

/** A new movie id. It has no bucket. */
export const newMovieId = (): MovieId => newUuid() as MovieId;
/** A new auditorium id. It has no bucket. */
export const newAuditoriumId = (): AuditoriumId => newUuid() as AuditoriumId;
/** A new seat plan id. It has no bucket. */
export const newSeatPlanId = (): SeatPlanId => newUuid() as SeatPlanId;

/** A new showtime id in `bucket`. Default: a random one of the buckets that every system has. */
export function newShowtimeId(bucket: number = randomInt(LIMIT_SPECS.buckets.min)): ShowtimeId {
	return newUuid(bucket) as ShowtimeId;
}

/** A new booking id, in the bucket of its showtime. */
export function newBookingId(showtimeId: ShowtimeId): BookingId {
	return newUuid(bucketOf(showtimeId)) as BookingId;
}

/** The bucket of a showtime or booking id, 0..255. */
export function bucketOf(id: ShowtimeId | BookingId): number {
	return Number.parseInt(id.slice(-2), 16);
}

function isUuid(text: string): boolean {
	return text.length === 36 && UUID.test(text);
}

function isInBuckets(text: string, buckets: number): boolean {
	return isUuid(text) && Number.parseInt(text.slice(-2), 16) < buckets;
}

// A route answers null with 404, not 400: text that is not an id names a resource that cannot exist.

/** The user id in `text`, or null if `text` is not one. */
export const parseUserId = (text: string): UserId | null => (isUuid(text) ? (text as UserId) : null);
/** The movie id in `text`, or null if `text` is not one. */
export const parseMovieId = (text: string): MovieId | null => (isUuid(text) ? (text as MovieId) : null);
/** The auditorium id in `text`, or null if `text` is not one. */
export const parseAuditoriumId = (text: string): AuditoriumId | null => (isUuid(text) ? (text as AuditoriumId) : null);
/** The seat plan id in `text`, or null if `text` is not one. */
export const parseSeatPlanId = (text: string): SeatPlanId | null => (isUuid(text) ? (text as SeatPlanId) : null);
/** An id of any kind in `text`, or null if `text` is not one. */
export const parseAnyId = (text: string): string | null => (isUuid(text) ? text : null);
/** The id of an audit event in `text`, or null if `text` is not one. Postgres makes these ids. */
export const parseAuditEventId = (text: string): AuditEventId | null => (isUuid(text) ? (text as AuditEventId) : null);
/** The id of a notice in `text`, or null if `text` is not one. Postgres makes these ids. */
export const parseNoticeId = (text: string): NoticeId | null => (isUuid(text) ? (text as NoticeId) : null);
/** The showtime id in `text`, or null if `text` is not one or its bucket is not below `buckets`. Pass the setting `BUCKETS`. */
export const parseShowtimeId = (text: string, buckets = BUCKETS_IN_IDS): ShowtimeId | null =>
	isInBuckets(text, buckets) ? (text as ShowtimeId) : null;
/** The booking id in `text`, or null if `text` is not one or its bucket is not below `buckets`. Pass the setting `BUCKETS`. */
export const parseBookingId = (text: string, buckets = BUCKETS_IN_IDS): BookingId | null =>
	isInBuckets(text, buckets) ? (text as BookingId) : null;
