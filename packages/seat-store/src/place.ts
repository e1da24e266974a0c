/**
 * The place of a call: which part of the store it addresses. With several servers, the place decides which server gets the call;
 * with one server it makes no difference.
 */
import { type BookingId, bucketOf, type ShowtimeId } from "@holdfast/domain";

/** A bucket, the key that a call outside the buckets uses, or the whole store. */
export type Place = { readonly bucket: number } | { readonly key: string } | typeof WHOLE_STORE;

/**
 * A call about the server itself (its clock, its state), or about buckets that may lie on several servers. A Redis Cluster could
 * not route it yet.
 */
export const WHOLE_STORE = "whole store";

/** Returns the place of a bucket. */
export const atBucket = (bucket: number): Place => ({ bucket });

/** Returns the place of the bucket that the id carries. */
export const atBucketOf = (id: ShowtimeId | BookingId): Place => ({ bucket: bucketOf(id) });

/** Returns the place of a key outside the buckets. */
export const atKey = (key: string): Place => ({ key });
