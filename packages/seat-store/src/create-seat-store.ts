/** Builds the seat store over one Redis. */
import type { Limits } from "@holdfast/domain";
import type { Redis } from "ioredis";
import type { Run } from "./call.ts";
import { cancelBooking, confirmBooking, extendHold } from "./commands/change-booking.ts";
import { openQuarantined, resolveConflict } from "./commands/correct-seats.ts";
import { ackBatch, outboxDepths, readBatch, requeueEntry, settleLagMs, waitForEntries } from "./commands/drain-outbox.ts";
import { findUserBookings } from "./commands/find-user-bookings.ts";
import { adoptTimeline, claimShowtime, giveBackClaim, installShowtime } from "./commands/install-showtime.ts";
import { placeHold } from "./commands/place-hold.ts";
import { listRecentBookingIds, loadBooking, readBooking, readBookings } from "./commands/read-bookings.ts";
import { inspectSeats, listShowtimesToReap, readNow, readOwnSeats, readSeatMap, reapHolds } from "./commands/read-seat-map.ts";
import { findUnopened, readPlan, readShowtime, writePlan } from "./commands/read-showtime.ts";
import { blockSeats, reschedule, setTerms } from "./commands/set-showtime.ts";
import { createConfirmLane } from "./confirm-lane.ts";
import { SeatStoreFault, WritesRefused } from "./fault.ts";
import { inspectServer } from "./inspect-server.ts";
import { planKey, SWEEPER_ALIVE_KEY } from "./keys.ts";
import { createLink, type Link, type LinkLog, type LinkOptions } from "./link.ts";
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

/** A call that has no answer by then fails: a script takes a fraction of a millisecond, so this is outage, not load. */
export const CALL_DEADLINE_MS = 2_000;
/** A sold-out arena of 50,000 seats is installed in 50 scripts, half a second in all. */
const INSTALL_DEADLINE_MS = 10_000;

const SILENT: LinkLog = { info: () => {}, warn: () => {}, error: () => {} };

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
	const confirms = ackLevel === "replica" ? open({ refusal, inspect: durability.inspectOnce }) : null;
	const lane = confirms && createConfirmLane({ link: confirms, deadlineMs: CALL_DEADLINE_MS });
	const seatSubscriptions = createSeatSubscriptions(open);
	let blocking: Link | null = null;

	const read = <T>(run: Run<T>, deadlineMs = CALL_DEADLINE_MS): Promise<T> => shared.run("read", deadlineMs, run);
	const write = <T>(run: Run<T>, deadlineMs = CALL_DEADLINE_MS): Promise<T> => shared.run("write", deadlineMs, run);
	/** A write whose answer is an acknowledgement; `hasWritten` says of an outcome whether there is anything to be kept. */
	const durable = <T>(run: Run<T>, hasWritten: (outcome: T) => boolean): Promise<T> => lane?.run(run, hasWritten) ?? write(run);
	/** A read that waits at Redis for up to `timeoutMs`: on a connection where nothing else waits behind it. */
	const block = <T>(run: Run<T>, timeoutMs: number): Promise<T> => {
		blocking ??= open({ silenceMaxMs: 0, isBlocking: true });
		return blocking.run("read", timeoutMs + CALL_DEADLINE_MS, run);
	};
	const probe = createWriteProbe(async (run) => {
		const { replicasOnline, replicasNeeded } = durability.condition();
		// Known without a WAIT, behind which the confirms of others would wait in vain.
		if ((replicasOnline ?? replicasNeeded) < replicasNeeded)
			throw new SeatStoreFault("unavailable", new WritesRefused(`${replicasOnline} of ${replicasNeeded} replicas`));
		return durable(run, () => true);
	});

	return {
		readShowtime: (id) => read((redis) => readShowtime(redis, id)),
		findUnopened: (ids) => read((redis) => findUnopened(redis, ids)),
		claimShowtime: (id, claim) =>
			durable(
				(redis) => claimShowtime(redis, id, claim),
				({ outcome }) => outcome === "claimed",
			),
		giveBackClaim: (id, token) => write((redis) => giveBackClaim(redis, id, token)),
		adoptTimeline: (bucket, ledger) => write((redis) => adoptTimeline(redis, bucket, ledger, ackLevel !== "replica")),
		installShowtime: (snapshot, claim) => write((redis) => installShowtime(redis, snapshot, claim), INSTALL_DEADLINE_MS),
		openQuarantined: (id) => write((redis) => openQuarantined(redis, id), INSTALL_DEADLINE_MS),
		readPlan: (id) => read((redis) => readPlan(redis, id)),
		hasPlan: (id) => read(async (redis) => (await redis.exists(planKey(id))) === 1),
		writePlan: (plan) => write((redis) => writePlan(redis, plan)),

		placeHold: (command) => write((redis) => placeHold(redis, limits, command)),
		extendHold: (command) => write((redis) => extendHold(redis, limits, command)),
		confirmBooking: (command) =>
			durable(
				(redis) => confirmBooking(redis, limits, command),
				({ outcome }) => outcome === "confirmed",
			),
		cancelBooking: (command) =>
			durable(
				(redis) => cancelBooking(redis, limits, command),
				({ outcome }) => outcome === "cancelled",
			),

		setTerms: (command) =>
			durable(
				(redis) => setTerms(redis, limits, command),
				({ outcome }) => outcome === "set",
			),
		blockSeats: (command) =>
			durable(
				(redis) => blockSeats(redis, limits, command),
				({ outcome }) => outcome === "set",
			),
		reschedule: (command) =>
			durable(
				(redis) => reschedule(redis, limits, command),
				({ outcome }) => outcome === "set",
			),
		resolveConflict: (conflict) => write((redis) => resolveConflict(redis, conflict)),

		readSeatMap: (id) => read((redis) => readSeatMap(redis, id)),
		watchSeats: (id, listener) => seatSubscriptions.watch(id, listener),
		readOwnSeats: (id, userId, nowMs) => read((redis) => readOwnSeats(redis, id, userId, nowMs)),
		inspectSeats: (id) => read((redis) => inspectSeats(redis, id)),
		readBooking: (id) => read((redis) => readBooking(redis, id)),
		loadBooking: (booking) => write((redis) => loadBooking(redis, booking)),
		readBookings: (ids) => read((redis) => readBookings(redis, ids)),
		findUserBookings: (userId, ids) => read((redis) => findUserBookings(redis, userId, ids)),
		listRecentBookingIds: (userId) => read((redis) => listRecentBookingIds(redis, userId)),

		reapHolds: (id) => write((redis) => reapHolds(redis, id)),
		listShowtimesToReap: (bucket) => read((redis) => listShowtimesToReap(redis, bucket)),

		readBatch: (bucket, options) => read((redis) => readBatch(redis, bucket, options)),
		ackBatch: (bucket, entries) => write((redis) => ackBatch(redis, bucket, entries)),
		requeueEntry: (bucket, raw) =>
			durable(
				(redis) => requeueEntry(redis, bucket, raw),
				() => true,
			),
		waitForEntries: ({ timeoutMs }) => block((redis) => waitForEntries(redis, timeoutMs), timeoutMs),
		outboxDepths: () => read((redis) => outboxDepths(redis)),
		settleLagMs: () => read(settleLagMs),

		now: () => read(readNow),
		beatSweeper: (ttlMs) => write(async (redis) => void (await redis.set(SWEEPER_ALIVE_KEY, "1", "PX", ttlMs))),
		isSweeperAlive: () => read(async (redis) => (await redis.exists(SWEEPER_ALIVE_KEY)) === 1),
		inspectServer: (section) => read((redis) => inspectServer(redis, section)),
		ping: () => read(async (redis) => void (await redis.ping())),
		isWritable: probe.run,
		durability: durability.state,
		condition: durability.condition,
		close: async () => {
			for (const link of [shared, confirms, blocking, seatSubscriptions]) link?.close();
		},
	};
}
