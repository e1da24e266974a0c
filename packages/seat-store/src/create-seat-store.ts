/** Builds the seat store over one Redis. */
import type { Limits } from "@holdfast/domain";
import type { Redis } from "ioredis";
import { cancelBooking, confirmBooking } from "./commands/change-booking.ts";
import { ackBatch, outboxDepths, readBatch, waitForEntries } from "./commands/drain-outbox.ts";
import { installShowtime, readPlan, readShowtime, writePlan } from "./commands/install-showtime.ts";
import { placeHold } from "./commands/place-hold.ts";
import { listRecentBookings, loadBooking, readBooking } from "./commands/read-bookings.ts";
import { inspectSeats, listLapsedShowtimes, readOwnSeats, readSeatMap, reapHolds } from "./commands/read-seat-map.ts";
import { type ConnectionLog, connect, connectBlocking } from "./connect.ts";
import { faultAs } from "./fault.ts";
import { planKey, SWEEPER_ALIVE_KEY } from "./keys.ts";
import type { SeatStore } from "./seat-store.ts";

export type SeatStoreOptions = { readonly url: string; readonly limits: Limits; readonly log?: ConnectionLog };

/** A call that has no answer by then fails: a script takes a fraction of a millisecond, so this is outage, not load. */
const CALL_DEADLINE_MS = 2_000;
/** A sold-out arena of 50,000 seats is installed in 50 scripts, half a second in all. */
const INSTALL_DEADLINE_MS = 10_000;

/** A command on the connection that it is handed. */
type Run<T> = (redis: Redis) => Promise<T>;

const SILENT: ConnectionLog = { warn: () => {} };

/** Connects in the background; commands given meanwhile wait for the link until their deadline. */
export function createSeatStore({ url, limits, log = SILENT }: SeatStoreOptions): SeatStore {
	const shared = connect(url, log);
	let blocking: Redis | null = null;
	const read = <T>(run: Run<T>, deadlineMs = CALL_DEADLINE_MS): Promise<T> => faultAs("read", deadlineMs, () => run(shared));
	const write = <T>(run: Run<T>, deadlineMs = CALL_DEADLINE_MS): Promise<T> => faultAs("write", deadlineMs, () => run(shared));
	/** A write whose answer is an acknowledgement; `hasWritten` says of an outcome whether there is anything to be kept. */
	const durable = <T>(run: Run<T>, _hasWritten: (outcome: T) => boolean): Promise<T> => write(run);
	/** A read that waits at Redis for up to `timeoutMs`: on a connection where nothing else waits behind it. */
	const block = <T>(run: Run<T>, timeoutMs: number): Promise<T> =>
		faultAs("read", timeoutMs + CALL_DEADLINE_MS, () => {
			blocking ??= connectBlocking(url, log);
			return run(blocking);
		});

	return {
		readShowtime: (id) => read((redis) => readShowtime(redis, id)),
		installShowtime: (snapshot) => write((redis) => installShowtime(redis, snapshot), INSTALL_DEADLINE_MS),
		readPlan: (id) => read((redis) => readPlan(redis, id)),
		hasPlan: (id) => read(async (redis) => (await redis.exists(planKey(id))) === 1),
		writePlan: (plan) => write((redis) => writePlan(redis, plan)),

		placeHold: (command) => write((redis) => placeHold(redis, limits, command)),
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

		readSeatMap: (id) => read((redis) => readSeatMap(redis, id)),
		readOwnSeats: (id, userId, nowMs) => read((redis) => readOwnSeats(redis, id, userId, nowMs)),
		inspectSeats: (id) => read((redis) => inspectSeats(redis, id)),
		readBooking: (id) => read((redis) => readBooking(redis, id)),
		loadBooking: (booking) => write((redis) => loadBooking(redis, booking)),
		listRecentBookings: (userId) => read((redis) => listRecentBookings(redis, userId)),

		reapHolds: (id) => write((redis) => reapHolds(redis, id)),
		listLapsedShowtimes: (bucket) => read((redis) => listLapsedShowtimes(redis, bucket)),

		readBatch: (bucket, options) => read((redis) => readBatch(redis, bucket, options)),
		ackBatch: (bucket, entries) => write((redis) => ackBatch(redis, bucket, entries)),
		waitForEntries: ({ timeoutMs }) => block((redis) => waitForEntries(redis, timeoutMs), timeoutMs),
		outboxDepths: () => read((redis) => outboxDepths(redis)),

		beatSweeper: (ttlMs) => write(async (redis) => void (await redis.set(SWEEPER_ALIVE_KEY, "1", "PX", ttlMs))),
		isSweeperAlive: () => read(async (redis) => (await redis.exists(SWEEPER_ALIVE_KEY)) === 1),
		inspectServer: (section) => read((redis) => inspectServer(redis, section)),
		ping: () => read(async (redis) => void (await redis.ping())),
		close: async () => {
			shared.disconnect();
			blocking?.disconnect();
		},
	};
}

async function inspectServer(redis: Redis, section: string): Promise<Record<string, string>> {
	const lines = (await redis.info(section)).split("\r\n").filter((line) => line !== "" && !line.startsWith("#"));
	return Object.fromEntries(lines.map((line) => [line.slice(0, line.indexOf(":")), line.slice(line.indexOf(":") + 1)]));
}
