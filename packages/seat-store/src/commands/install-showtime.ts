/**
 * Install a showtime on this server: claim it, which freezes its seats; merge what stands with what the ledger knows; put
 * the result in its place in one step. The caller reads the ledger between claim and install (packages/rebuild).
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

export const installClaimScript = defineScript("install-claim");
export const giveBackClaimScript = defineScript("give-back-claim");
export const installSeatsScript = defineScript("install-seats");
export const installBookingsScript = defineScript("install-bookings");
export const installShowtimeScript = defineScript("install-showtime");
export const adoptTimelineScript = defineScript("adopt-timeline");

/** Seats staged by one script: some three milliseconds, during which Redis serves no other call. */
export const INSTALL_SEATS_MAX = 1_000;
/** Records changed by one script, or read in one pipeline. */
export const INSTALL_BOOKINGS_MAX = 500;
/** A sold-out arena of 50,000 seats is installed in 50 scripts, half a second in all. */
export const INSTALL_DEADLINE_MS = 10_000;

/**
 * First step of a rebuild: take the right to rebuild, which freezes the seats for the holder of `token`. Acknowledged like a confirm. Safe
 * to repeat with the same token. `ledgerEpoch` must have been read before this is called (ADR 9).
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

/** End a claim that came to nothing; the showtime is exactly as open or closed as it was before. */
export const giveBackClaim = write({
	place: (showtimeId: ShowtimeId, _token: string) => atBucketOf(showtimeId),
	run: async (redis, _context, showtimeId, token) =>
		void (await runScript(redis, giveBackClaimScript, { keys: showtimeKeys(showtimeId), args: { token } })),
});

/**
 * Compare the bucket's timeline with the ledger's (null: it has none) and adopt it, or start a new one when loss is proven. Call under the
 * ledger's lock of the bucket.
 */
export const adoptTimeline = write({
	place: (bucket: number, _ledger: Pick<LedgerTimeline, "timeline" | "seq"> | null) => atBucket(bucket),
	async run(redis, { ackLevel }, bucket, ledger): Promise<AdoptedTimeline> {
		// Otherwise the ledger may have settled what no replica had, and no client had an acknowledgement of it (docs/reliability.md).
		const judgesSeq = ackLevel !== "replica";
		const { rest } = await runScript(redis, adoptTimelineScript, {
			keys: bucketKeys(bucket),
			args: { ledgerTimeline: ledger?.timeline ?? "", ledgerSeq: ledger?.seq ?? 0, judgesSeq: judgesSeq ? "1" : "0" },
		});
		return { timeline: readInteger(rest[0]), seq: readInteger(rest[1]), lost: readInteger(rest[2]) === 1 };
	},
});

/**
 * Last step of a rebuild: merge what stands with the snapshot, read under the claim and its epoch, and open. `nowMs` is the clock of the
 * claim. Safe to repeat; every step is refused once the claim is lost.
 */
export const installShowtime = write({
	place: ({ showtime }: ShowtimeSnapshot, _claim: { token: string; nowMs: number }) => atBucketOf(showtime.id),
	deadlineMs: INSTALL_DEADLINE_MS,
	async run(redis, _context, snapshot, { token, nowMs }): Promise<InstallOutcome> {
		const { unreadable, ...standing } = await readCurrentShowtime(redis, snapshot, nowMs);
		const merged = mergeSnapshot(standing, snapshot);
		// Before anything is written: a showtime that could not be read back is not installed.
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
				...keptUntil(showtime.endsAt),
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

/** When owner and map end, and when meta does: a day sooner, since absent meta means closed. */
export const keptUntil = (endsAt: number) => ({ keepUntil: endsAt + SEATS_TTL_MS, metaUntil: endsAt + META_TTL_MS });

/** All that the server holds of the showtime. Its seats are frozen by the claim, so the reads agree with each other. */
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

/** Gives how many events were emitted again; null when the claim was lost. */
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

/** Parts of at most `INSTALL_SEATS_MAX` seats, at least one. Only what no buyer's entry names is ever cut in two. */
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
