/** Builds the seat store over one Redis. */
import type { Limits } from "@holdfast/domain";
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

const SILENT: ConnectionLog = { warn: () => {} };

/** Connects in the background; commands given meanwhile wait for the link until their deadline. */
export function createSeatStore({ url, limits, log = SILENT }: SeatStoreOptions): SeatStore {
	const redis = connect(url, log);
	let blocking: ReturnType<typeof connectBlocking> | null = null;
	const read = <T>(run: () => Promise<T>, deadlineMs = CALL_DEADLINE_MS): Promise<T> => faultAs("read", deadlineMs, run);
	const write = <T>(run: () => Promise<T>, deadlineMs = CALL_DEADLINE_MS): Promise<T> => faultAs("write", deadlineMs, run);

	return {
		readShowtime: (id) => read(() => readShowtime(redis, id)),
		installShowtime: (snapshot) => write(() => installShowtime(redis, snapshot), INSTALL_DEADLINE_MS),
		readPlan: (id) => read(() => readPlan(redis, id)),
		hasPlan: (id) => read(async () => (await redis.exists(planKey(id))) === 1),
		writePlan: (plan) => write(() => writePlan(redis, plan)),

		placeHold: (command) => write(() => placeHold(redis, limits, command)),
		confirmBooking: (command) => write(() => confirmBooking(redis, limits, command)),
		cancelBooking: (command) => write(() => cancelBooking(redis, limits, command)),

		readSeatMap: (id) => read(() => readSeatMap(redis, id)),
		readOwnSeats: (id, userId, nowMs) => read(() => readOwnSeats(redis, id, userId, nowMs)),
		inspectSeats: (id) => read(() => inspectSeats(redis, id)),
		readBooking: (id) => read(() => readBooking(redis, id)),
		loadBooking: (booking) => write(() => loadBooking(redis, booking)),
		listRecentBookings: (userId) => read(() => listRecentBookings(redis, userId)),

		reapHolds: (id) => write(() => reapHolds(redis, id)),
		listLapsedShowtimes: (bucket) => read(() => listLapsedShowtimes(redis, bucket)),

		readBatch: (bucket, options) => read(() => readBatch(redis, bucket, options)),
		ackBatch: (bucket, entries) => write(() => ackBatch(redis, bucket, entries)),
		waitForEntries: ({ timeoutMs }) =>
			read(() => {
				blocking ??= connectBlocking(url, log);
				return waitForEntries(blocking, timeoutMs);
			}, timeoutMs + CALL_DEADLINE_MS),
		outboxDepths: () => read(() => outboxDepths(redis)),

		beatSweeper: (ttlMs) => write(async () => void (await redis.set(SWEEPER_ALIVE_KEY, "1", "PX", ttlMs))),
		isSweeperAlive: () => read(async () => (await redis.exists(SWEEPER_ALIVE_KEY)) === 1),
		inspectServer: (section) =>
			read(async () => {
				const lines = (await redis.info(section)).split("\r\n").filter((line) => line !== "" && !line.startsWith("#"));
				return Object.fromEntries(lines.map((line) => [line.slice(0, line.indexOf(":")), line.slice(line.indexOf(":") + 1)]));
			}),
		ping: () => read(async () => void (await redis.ping())),
		close: async () => {
			redis.disconnect();
			blocking?.disconnect();
		},
	};
}
