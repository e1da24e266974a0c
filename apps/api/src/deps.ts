/** The dependencies of the app and of its routes. */
import type { Database } from "@holdfast/database";
import type { BookingId, ShowtimeId } from "@holdfast/domain";
import type { Rebuilder } from "@holdfast/rebuild";
import type { Logger, Passwords } from "@holdfast/runtime";
import type { AuthStore, SeatStore } from "@holdfast/seat-store";
import type { LRUCache } from "lru-cache";
import type { ApiSettings } from "./api-settings.ts";
import type { AwaitRecorded } from "./bookings/prefer-wait.ts";
import type { Drain } from "./health/drain.ts";
import type { HoldCounts } from "./plugins/api-metrics.ts";
import type { ReportUnreadable } from "./present-skipping-unreadable.ts";
import type { CurrentShowtimes } from "./showtimes/current-showtimes.ts";
import type { InstalledShowtimes } from "./showtimes/installed-showtimes.ts";
import type { ReadSeatMap } from "./showtimes/read-live-map.ts";
import type { CountSeatsOf } from "./showtimes/seat-counts.ts";
import type { SeatPlans } from "./showtimes/seat-plans.ts";
import type { SeatWatches } from "./showtimes/seat-watches.ts";

/** What the entry point of the process (server.ts) passes to `buildApp`. */
export type AppDeps = {
	/** The settings that the app itself uses; `ApiSettings` says what each of them means. */
	readonly settings: Pick<
		ApiSettings,
		| "jwtSecret"
		| "limits"
		| "quarantineMs"
		| "requestTimeoutMs" // how long a whole request may take to arrive
		| "answerTimeoutMs" // how long a pending answer may make no progress
		| "inFlightMax"
		| "rates"
		| "corsOrigins"
		| "trustProxy"
		| "watchLimits"
		| "keepAliveMs" // how long an idle HTTP connection stays open
		| "settleLagMaxMs"
	>;
	/** The log of the process. */
	readonly logger: Logger;
	/** Redis: seats, holds and bookings. */
	readonly seatStore: SeatStore;
	/** Redis: denied tokens and the counts of the rate limits. */
	readonly authStore: AuthStore;
	/** Postgres: the catalogue, the users and the ledger. */
	readonly database: Database;
	/** Hashes and verifies passwords, a few at a time. */
	readonly passwords: Passwords;
	/** Knows whether this process is shutting down. */
	readonly drain: Drain;
	/** For tests: replaces `DENIAL_WAIT_MS`, how long a deletion of an account waits for other processes. */
	readonly denialWaitMs?: number | undefined;
};

/** What every route gets: `AppDeps`, and what `buildApp` creates from it once per process. */
export type RouteDeps = AppDeps & {
	/** Finds seat plans by id, with a cache. */
	readonly seatPlans: SeatPlans;
	/** Finds installed showtimes, with a cache, and installs a showtime that is not installed yet. */
	readonly installedShowtimes: InstalledShowtimes;
	/** Rebuilds showtimes that are not installed, or installed on a Redis that has lost data. */
	readonly rebuilder: Pick<Rebuilder, "rebuild">;
	/** Reads when and what a showtime is now, for the answers about bookings. */
	readonly currentShowtimes: CurrentShowtimes;
	/** Reads the seat map of a showtime. Concurrent calls share reads. */
	readonly readSeatMap: ReadSeatMap;
	/** Counts the seats of the showtimes of a list. Never opens a showtime. */
	readonly countSeatsOf: CountSeatsOf;
	/** The watchers of this process, and how many there may be. */
	readonly seatWatches: SeatWatches;
	/** Waits until the ledger has a booking (`Prefer: wait`). */
	readonly awaitRecorded: AwaitRecorded;
	/** Counts what becomes of holds, for the metrics: increment on a hold that was placed, and on one that was confirmed. */
	readonly holdCounts: HoldCounts;
	/** Logs and counts an entry that was left out of a list. */
	readonly reportUnreadable: ReportUnreadable;
	/** Caches the showtime of each booking. After a miss, a route reads the booking from the stores. */
	readonly showtimeOfBooking: LRUCache<BookingId, ShowtimeId>;
};
