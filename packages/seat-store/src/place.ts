/** Where a call goes. With one server it makes no difference; with several it says which of them is asked. */
import { type BookingId, bucketOf, type ShowtimeId } from "@holdfast/domain";

/** A bucket, the key that a call outside the buckets touches, or the whole store. */
export type Place = { readonly bucket: number } | { readonly key: string } | typeof WHOLE_STORE;

/** The server itself (its clock, its state), or buckets that may lie on several servers: such a call has no place in a cluster yet. */
export const WHOLE_STORE = "whole store";

export const atBucket = (bucket: number): Place => ({ bucket });

/** The bucket that the id carries. */
export const atBucketOf = (id: ShowtimeId | BookingId): Place => ({ bucket: bucketOf(id) });

export const atKey = (key: string): Place => ({ key });
