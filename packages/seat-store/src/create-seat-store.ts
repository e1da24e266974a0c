/** Builds the seat store over one Redis. */
import type { Limits } from "@holdfast/domain";
import type { Redis } from "ioredis";
import { CALL_DEADLINE_MS, type Run } from "./call.ts";
import { cancelBooking, confirmBooking, extendHold } from "./commands/change-booking.ts";
import { openQuarantined, resolveConflict } from "./commands/correct-seats.ts";
import { ackBatch, outboxDepths, readBatch, requeueEntry, settleLagMs, waitForEntries } from "./commands/drain-outbox.ts";
import { findUnopened } from "./commands/find-unopened.ts";
import { findUserBookings } from "./commands/find-user-bookings.ts";
import { adoptTimeline, claimShowtime, giveBackClaim, installShowtime } from "./commands/install-showtime.ts";
import { placeHold } from "./commands/place-hold.ts";
import { listRecentBookingIds, loadBooking, readBooking, readBookings } from "./commands/read-bookings.ts";
import { inspectSeats, listShowtimesToReap, readNow, readOwnSeats, readSeatMap, reapHolds } from "./commands/read-seat-map.ts";
import { readPlan, readShowtime, writePlan } from "./commands/read-showtime.ts";
import { blockSeats, reschedule, setTerms } from "./commands/set-showtime.ts";
import { createConfirmLane } from "./confirm-lane.ts";
import { SeatStoreFault, WritesRefused } from "./fault.ts";
import { inspectServer } from "./inspect-server.ts";
import { type LinkLog, SILENT } from "./keep-connected.ts";
import { planKey, SWEEPER_ALIVE_KEY, WRITE_PROBE_KEY } from "./keys.ts";
import { createLink, type Link, type LinkOptions } from "./link.ts";
import { atBucket, atBucketOf, atKey, type Place, WHOLE_STORE } from "./place.ts";
import { createWriteProbe } from "./probe-writes.ts";
import type { SeatStore } from "./seat-store.ts";
import { createSeatSubscriptions } from "./subscribe-to-seats.ts";
import { createDurabilityCheck, type DurabilityOptions } from "./verify-durability.ts";

export type SeatStoreOptions = DurabilityOptions & {
	readonly url: string;
	readonly limits: Limits;
	readonly log?: LinkLog;
	/** Sees every new client before it is used. For tests. */
	readonly prepareConnection?: (redis: Redis) => void;
	readonly commandsInFlightMax?: number;
	/** Learn each second by a real write whether Redis takes writes; else only when `isWritable` asks. */
	readonly probesWrites?: boolean;
};

/** A sold-out arena of 50,000 seats is installed in 50 scripts, half a second in all. */
const INSTALL_DEADLINE_MS = 10_000;

/** Connects in the background; a call given meanwhile waits a second for the link. Writes wait for what `durability` finds. */
export function createSeatStore(options: SeatStoreOptions): SeatStore {
	const { url, limits, log = SILENT, ackLevel, prepareConnection: prepare, commandsInFlightMax } = options;
	const durability = createDurabilityCheck(options, log);
	const open = (own: Partial<LinkOptions>): Link => createLink({ url, log, prepare, commandsInFlightMax, ...own });
	const { refusal } = durability;
	const shared = open({
		refusal,
		async inspect(redis) {
			if (options.probesWrites === true) void probe.run();
			await durability.inspect(redis);
		},
	});
	const confirms = ackLevel === "replica" ? open({ use: "confirms", refusal, inspect: durability.inspectOnce }) : null;
	const lane = confirms && createConfirmLane({ link: confirms, deadlineMs: CALL_DEADLINE_MS });
	const seatSubscriptions = createSeatSubscriptions(open);
	let blocking: Link | null = null;

	const read = <T>(place: Place, run: Run<T>, deadlineMs = CALL_DEADLINE_MS): Promise<T> => shared.run(place, "read", deadlineMs, run);
	const write = <T>(place: Place, run: Run<T>, deadlineMs = CALL_DEADLINE_MS): Promise<T> => shared.run(place, "write", deadlineMs, run);
	/** A write whose answer is an acknowledgement; `hasWritten` says of an outcome whether there is anything to be kept. */
	const durable = <T>(place: Place, run: Run<T>, hasWritten: (outcome: T) => boolean): Promise<T> =>
		lane?.run(run, hasWritten) ?? write(place, run);
	/** A read that waits at Redis for up to `timeoutMs`: on a connection where nothing else waits behind it. */
	const block = <T>(run: Run<T>, timeoutMs: number): Promise<T> => {
		blocking ??= open({ use: "blocking reads", silenceMaxMs: 0, isBlocking: true });
		return blocking.run(WHOLE_STORE, "read", timeoutMs + CALL_DEADLINE_MS, run);
	};
	const probe = createWriteProbe(async (run) => {
		const { replicasOnline, replicasNeeded } = durability.condition();
		// Known without a WAIT, behind which the confirms of others would wait in vain.
		if ((replicasOnline ?? replicasNeeded) < replicasNeeded)
			throw new SeatStoreFault("unavailable", new WritesRefused(`${replicasOnline} of ${replicasNeeded} replicas`));
		return durable(atKey(WRITE_PROBE_KEY), run, () => true);
	});

	return {
		readShowtime: (id) => read(atBucketOf(id), (redis) => readShowtime(redis, id)),
		findUnopened: (ids) => read(WHOLE_STORE, (redis) => findUnopened(redis, ids)),
		claimShowtime: (id, claim) =>
			durable(
				atBucketOf(id),
				(redis) => claimShowtime(redis, id, claim),
				({ outcome }) => outcome === "claimed",
			),
		giveBackClaim: (id, token) => write(atBucketOf(id), (redis) => giveBackClaim(redis, id, token)),
		adoptTimeline: (bucket, ledger) => write(atBucket(bucket), (redis) => adoptTimeline(redis, bucket, ledger, ackLevel !== "replica")),
		installShowtime: (snapshot, claim) =>
			write(atBucketOf(snapshot.showtime.id), (redis) => installShowtime(redis, snapshot, claim), INSTALL_DEADLINE_MS),
		openQuarantined: (id) => write(atBucketOf(id), (redis) => openQuarantined(redis, id), INSTALL_DEADLINE_MS),
		readPlan: (id) => read(atKey(planKey(id)), (redis) => readPlan(redis, id)),
		hasPlan: (id) => read(atKey(planKey(id)), async (redis) => (await redis.exists(planKey(id))) === 1),
		writePlan: (plan) => write(atKey(planKey(plan.id)), (redis) => writePlan(redis, plan)),

		placeHold: (command) => write(atBucketOf(command.bookingId), (redis) => placeHold(redis, limits, command)),
		extendHold: (command) => write(atBucketOf(command.bookingId), (redis) => extendHold(redis, limits, command)),
		confirmBooking: (command) =>
			durable(
				atBucketOf(command.bookingId),
				(redis) => confirmBooking(redis, limits, command),
				({ outcome }) => outcome === "confirmed",
			),
		cancelBooking: (command) =>
			durable(
				atBucketOf(command.bookingId),
				(redis) => cancelBooking(redis, limits, command),
				({ outcome }) => outcome === "cancelled",
			),

		setTerms: (command) =>
			durable(
				atBucketOf(command.showtimeId),
				(redis) => setTerms(redis, limits, command),
				({ outcome }) => outcome === "set",
			),
		blockSeats: (command) =>
			durable(
				atBucketOf(command.showtimeId),
				(redis) => blockSeats(redis, limits, command),
				({ outcome }) => outcome === "set",
			),
		reschedule: (command) =>
			durable(
				atBucketOf(command.showtimeId),
				(redis) => reschedule(redis, limits, command),
				({ outcome }) => outcome === "set",
			),
		resolveConflict: (conflict) => write(atBucketOf(conflict.bookingId), (redis) => resolveConflict(redis, conflict)),

		readSeatMap: (id) => read(atBucketOf(id), (redis) => readSeatMap(redis, id)),
		watchSeats: (id, listener) => seatSubscriptions.watch(id, listener),
		readOwnSeats: (id, userId, nowMs) => read(atBucketOf(id), (redis) => readOwnSeats(redis, id, userId, nowMs)),
		inspectSeats: (id) => read(atBucketOf(id), (redis) => inspectSeats(redis, id)),
		readBooking: (id) => read(atBucketOf(id), (redis) => readBooking(redis, id)),
		loadBooking: (booking) => write(atBucketOf(booking.id), (redis) => loadBooking(redis, booking)),
		readBookings: (ids) => read(WHOLE_STORE, (redis) => readBookings(redis, ids)),
		findUserBookings: (userId, ids) => read(WHOLE_STORE, (redis) => findUserBookings(redis, userId, ids)),
		listRecentBookingIds: (userId) => read(WHOLE_STORE, (redis) => listRecentBookingIds(redis, userId)),

		reapHolds: (id) => write(atBucketOf(id), (redis) => reapHolds(redis, id)),
		listShowtimesToReap: (bucket) => read(atBucket(bucket), (redis) => listShowtimesToReap(redis, bucket)),

		readBatch: (bucket, options) => read(atBucket(bucket), (redis) => readBatch(redis, bucket, options)),
		ackBatch: (bucket, entries) => write(atBucket(bucket), (redis) => ackBatch(redis, bucket, entries)),
		requeueEntry: (bucket, raw) =>
			durable(
				atBucket(bucket),
				(redis) => requeueEntry(redis, bucket, raw),
				() => true,
			),
		waitForEntries: ({ timeoutMs }) => block((redis) => waitForEntries(redis, timeoutMs), timeoutMs),
		outboxDepths: () => read(WHOLE_STORE, (redis) => outboxDepths(redis)),
		settleLagMs: () => read(WHOLE_STORE, settleLagMs),

		now: () => read(WHOLE_STORE, readNow),
		beatSweeper: (ttlMs) => write(atKey(SWEEPER_ALIVE_KEY), async (redis) => void (await redis.set(SWEEPER_ALIVE_KEY, "1", "PX", ttlMs))),
		isSweeperAlive: () => read(atKey(SWEEPER_ALIVE_KEY), async (redis) => (await redis.exists(SWEEPER_ALIVE_KEY)) === 1),
		inspectServer: (section) => read(WHOLE_STORE, (redis) => inspectServer(redis, section)),
		ping: () => read(WHOLE_STORE, async (redis) => void (await redis.ping())),
		isWritable: probe.run,
		durability: durability.state,
		condition: durability.condition,
		close: async () => {
			for (const link of [shared, confirms, blocking, seatSubscriptions]) link?.close();
		},
	};
}
