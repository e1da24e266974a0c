/**
 * Installs a showtime on a Redis server, in three steps: claim the showtime, which freezes its seats; merge the state in Redis with the
 * ledger's; replace the state in Redis by the result in one script. The caller (packages/rebuild) reads the ledger between claim and
 * install.
 */
import {
	type AdoptedTimeline,
	type Booking,
	type BookingId,
	bucketOf,
	CLAIM_TTL_MS,
	type LedgerTimeline,
	META_TTL_MS,
	parseBookingId,
	SEATS_TTL_MS,
	type ShowtimeId,
	type ShowtimeSnapshot,
	STAGED_TTL_MS,
} from "@holdfast/domain";
import type { Redis } from "ioredis";
import { formatSeats, parseSeats } from "../booking-record.ts";
import { durable, write } from "../command.ts";
import { defineScript, runScript } from "../define-script.ts";
import { bookingKey, bucketKeys, showtimeKeys } from "../keys.ts";
import { type CurrentShowtime, type MergedShowtime, mergeSnapshot, type SeatOwnership } from "../merge-snapshot.ts";
import type { BookingRecords, ClaimOutcome, InstallOutcome, UnreadableBooking } from "../outcomes.ts";
import { parseOwners } from "../owner-entry.ts";
import { atBucket, atBucketOf } from "../place.ts";
import { readInteger } from "../reply.ts";
import { readRecords } from "./read-bookings.ts";
import { formatMeta, parseMeta } from "./read-showtime.ts";

/** The script behind `claimShowtime`. */
export const installClaimScript = defineScript("install-claim");
/** The script behind `giveBackClaim`. */
export const giveBackClaimScript = defineScript("give-back-claim");
/** The script of `installShowtime` that stages seats, `INSTALL_SEATS_MAX` at a time. */
export const installSeatsScript = defineScript("install-seats");
/** The script of `installShowtime` that changes booking records, `INSTALL_BOOKINGS_MAX` at a time. */
export const installBookingsScript = defineScript("install-bookings");
/** The last script of `installShowtime`: replaces the showtime's keys by the staged ones and opens the showtime. */
export const installShowtimeScript = defineScript("install-showtime");
/** The script behind `adoptTimeline`. */
export const adoptTimelineScript = defineScript("adopt-timeline");

/** The most seats that one script stages. That many take about 3 ms, during which Redis serves no other call. */
export const INSTALL_SEATS_MAX = 1_000;
/** The most booking records that one script changes, or one pipeline reads. */
export const INSTALL_BOOKINGS_MAX = 500;
/** Deadline of an install. A sold-out arena of 50,000 seats takes 50 scripts and half a second in all. */
export const INSTALL_DEADLINE_MS = 10_000;

/**
 * First step of a rebuild: takes the claim on a showtime for the holder of `token`. While the claim lasts, no other script changes the
 * seats. Acknowledged at the same `ACK_LEVEL` as a confirm. Safe to repeat with the same token, which renews the claim. Read
 * `ledgerEpoch` from the ledger before this call, never after (ADR 9).
 */
export const claimShowtime = durable({
	place: (showtimeId: ShowtimeId, _claim: { token: string; ledgerEpoch: number }) => atBucketOf(showtimeId),
	async run(redis, _context, showtimeId, { token, ledgerEpoch }): Promise<ClaimOutcome> {
		const { status, rest } = await runScript(redis, installClaimScript, {
			keys: showtimeKeys(showtimeId),
			args: { token, claimTtlMs: CLAIM_TTL_MS, claimedMetaTtlMs: STAGED_TTL_MS, ledgerEpoch },
		});
		switch (status) {
			case "claimed":
				return { outcome: "claimed", nowMs: readInteger(rest[0]), installedEpoch: readInteger(rest[1]) };
			case "installed":
			case "recovering":
				return { outcome: status };
		}
	},
	hasWritten: ({ outcome }) => outcome === "claimed",
});

/**
 * Ends a claim without installing anything: the showtime is open or closed exactly as before the claim. Does nothing when the claim has
 * been lost. Safe to repeat.
 */
export const giveBackClaim = write({
	place: (showtimeId: ShowtimeId, _token: string) => atBucketOf(showtimeId),
	run: async (redis, _context, showtimeId, token) =>
		void (await runScript(redis, giveBackClaimScript, { keys: showtimeKeys(showtimeId), args: { token } })),
});

/**
 * Compares the bucket's timeline and event counter in Redis with the ledger's (null: the ledger has none). Keeps the timeline, or starts a
 * new one when the comparison proves that Redis has lost data (`lost`); the counter continues above the ledger's. Call while holding the
 * ledger's lock of the bucket. Safe to repeat.
 */
export const adoptTimeline = write({
	place: (bucket: number, _ledger: Pick<LedgerTimeline, "timeline" | "seq"> | null) => atBucket(bucket),
	async run(redis, { ackLevel }, bucket, ledger): Promise<AdoptedTimeline> {
		// At ACK_LEVEL=replica a counter below the ledger's proves no loss: the ledger may have settled events that no replica had yet, and
		// clients got no acknowledgement of those (docs/reliability.md).
		const judgesSeq = ackLevel !== "replica";
		const { rest } = await runScript(redis, adoptTimelineScript, {
			keys: bucketKeys(bucket),
			args: { ledgerTimeline: ledger?.timeline ?? "", ledgerSeq: ledger?.seq ?? 0, judgesSeq: judgesSeq ? "1" : "0" },
		});
		return { timeline: readInteger(rest[0]), seq: readInteger(rest[1]), lost: readInteger(rest[2]) === 1 };
	},
});

/**
 * Last step of a rebuild: merges the state in Redis with the ledger's snapshot and opens the showtime. Read the snapshot after the claim was
 * taken, under the epoch that this rebuild took from the ledger. `nowMs` is the clock that `claimShowtime` returned. Safe to repeat. Every
 * script is refused with `lost_claim` once the claim is lost. Throws before any write when the merged showtime has a field that could not
 * be read back.
 */
export const installShowtime = write({
	place: ({ showtime }: ShowtimeSnapshot, _claim: { token: string; nowMs: number }) => atBucketOf(showtime.id),
	deadlineMs: INSTALL_DEADLINE_MS,
	async run(redis, _context, snapshot, { token, nowMs }): Promise<InstallOutcome> {
		const { unreadable, ...current } = await readCurrentShowtime(redis, snapshot, nowMs);
		const merged = mergeSnapshot(current, snapshot);
		// Throws on a field that could not be read back, so this comes before the first write.
		const fields = formatMeta(merged.showtime, merged.blockedSeats);
		const reemitted = await changeRecords(redis, snapshot, token, merged);
		if (reemitted === null || !(await stageSeats(redis, token, merged))) return { outcome: "lost_claim" };
		const { showtime, ownerships, isLedgerBehind } = merged;
		const { status } = await runScript(redis, installShowtimeScript, {
			keys: { ...showtimeKeys(showtime.id), ...bucketKeys(bucketOf(showtime.id)) },
			args: {
				token,
				claimTtlMs: CLAIM_TTL_MS,
				showtimeId: showtime.id,
				epoch: snapshot.epoch,
				ownerCount: ownerships.reduce((sum, { seats }) => sum + seats.length, 0),
				...keyExpiryOf(showtime.endsAt),
				isLedgerBehind: isLedgerBehind ? "1" : "0",
				fields,
			},
		});
		switch (status) {
			case "installed":
				return { outcome: "installed", reemitted, ...(unreadable.length > 0 && { unreadable }) };
			case "lost_claim":
			case "superseded":
				return { outcome: status };
		}
	},
});

/**
 * When the keys of a showtime expire, epoch ms. meta expires a day before owner and map: a showtime without meta is closed, so its seats
 * can no longer be sold when owner and map disappear.
 */
export const keyExpiryOf = (endsAt: number) => ({ keepUntil: endsAt + SEATS_TTL_MS, metaUntil: endsAt + META_TTL_MS });

/** Reads everything that Redis has of the showtime. The claim freezes the seats, so separate reads agree with each other. */
async function readCurrentShowtime(
	redis: Redis,
	{ showtime, bookings }: ShowtimeSnapshot,
	nowMs: number,
): Promise<CurrentShowtime & Pick<BookingRecords, "unreadable">> {
	const keys = showtimeKeys(showtime.id);
	const [meta, entries] = await Promise.all([redis.hgetall(keys.meta), redis.hgetall(keys.owner)]);
	const owners = parseOwners(entries);
	const named = [...owners.values()].map(({ booking }) => booking).filter((booking) => booking !== "X" && booking !== "Q");
	const ids = new Set([...named.flatMap((id) => parseBookingId(id) ?? []), ...bookings.map(({ bookingId }) => bookingId)]);
	const blocked = meta.blockedSeats ?? "";
	return {
		nowMs,
		showtime: parseMeta(showtime.id, meta),
		blockedSeats: blocked === "" ? [] : parseSeats(blocked),
		owners,
		...(await readAllRecords(redis, [...ids])),
	};
}

/** Reads booking records in pipelines of `INSTALL_BOOKINGS_MAX`. */
async function readAllRecords(
	redis: Redis,
	ids: readonly BookingId[],
): Promise<{ records: Map<string, Booking>; unreadable: UnreadableBooking[] }> {
	const records = new Map<string, Booking>();
	const unreadable: UnreadableBooking[] = [];
	for (let i = 0; i < ids.length; i += INSTALL_BOOKINGS_MAX) {
		const part = await readRecords(redis, ids.slice(i, i + INSTALL_BOOKINGS_MAX));
		for (const booking of part.bookings) records.set(booking.id, booking);
		unreadable.push(...part.unreadable);
	}
	return { records, unreadable };
}

/** Applies the merge's changes to the booking records. Returns how many events were emitted again, or null when the claim was lost. */
async function changeRecords(
	redis: Redis,
	{ showtime: { id: showtimeId }, deadLetteredEntries }: ShowtimeSnapshot,
	token: string,
	{ changes }: MergedShowtime,
): Promise<number | null> {
	let reemitted = 0;
	for (let i = 0; i < changes.length; i += INSTALL_BOOKINGS_MAX) {
		const part = changes.slice(i, i + INSTALL_BOOKINGS_MAX);
		const { status, rest } = await runScript(redis, installBookingsScript, {
			keys: {
				...showtimeKeys(showtimeId),
				...bucketKeys(bucketOf(showtimeId)),
				bookings: part.map(({ bookingId }) => bookingKey(bookingId)),
			},
			args: {
				token,
				claimTtlMs: CLAIM_TTL_MS,
				deadLetteredEntries: deadLetteredEntries.join(","),
				changes: part.flatMap(({ change, bookingId, version }) => [change, bookingId, version]),
			},
		});
		if (status !== "written") return null;
		reemitted += readInteger(rest[0]);
	}
	return reemitted;
}

/** Writes the merged seats to the staged keys. False when the claim was lost. */
async function stageSeats(redis: Redis, token: string, { showtime, ownerships }: MergedShowtime): Promise<boolean> {
	let isFirst = true;
	for (const part of partsOf(ownerships)) {
		const { status } = await runScript(redis, installSeatsScript, {
			keys: showtimeKeys(showtime.id),
			args: {
				token,
				claimTtlMs: CLAIM_TTL_MS,
				stagedTtlMs: STAGED_TTL_MS,
				seatCount: showtime.seatCount,
				isFirst: isFirst ? "1" : "0",
				owners: part.flatMap(({ booking, userId, expiresAt, seats }) => [booking, userId, expiresAt, formatSeats(seats)]),
			},
		});
		if (status !== "staged") return false;
		isFirst = false;
	}
	return true;
}

/**
 * Splits ownerships into parts of at most `INSTALL_SEATS_MAX` seats, at least one part. A booking is small enough to stay whole, so that
 * one script writes its buyer's entry. Only blocked and quarantined seats, which have no buyer, are ever cut in two.
 */
function partsOf(ownerships: readonly SeatOwnership[]): SeatOwnership[][] {
	const parts: SeatOwnership[][] = [[]];
	let count = 0;
	for (const ownership of ownerships.flatMap(cutOwnership)) {
		if (count + ownership.seats.length > INSTALL_SEATS_MAX) {
			parts.push([]);
			count = 0;
		}
		parts.at(-1)?.push(ownership);
		count += ownership.seats.length;
	}
	return parts;
}

function cutOwnership(ownership: SeatOwnership): SeatOwnership[] {
	const cuts = Math.ceil(ownership.seats.length / INSTALL_SEATS_MAX);
	return Array.from({ length: cuts }, (_, i) => ({
		...ownership,
		seats: ownership.seats.slice(i * INSTALL_SEATS_MAX, (i + 1) * INSTALL_SEATS_MAX),
	}));
}
