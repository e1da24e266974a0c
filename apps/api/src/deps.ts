/** The dependencies of the app and of its routes. */
import type { Database } from "@holdfast/database";
import type { BookingId, ShowtimeId } from "@holdfast/domain";
import type { Logger, Passwords } from "@holdfast/runtime";
import type { AuthStore, SeatStore } from "@holdfast/seat-store";
import type { LRUCache } from "lru-cache";
import type { ApiSettings } from "./api-settings.ts";
import type { AwaitRecorded } from "./bookings/prefer-wait.ts";
import type { Drain } from "./health/drain.ts";
import type { ReportUnreadable } from "./present-skipping-unreadable.ts";
import type { InstalledShowtimes } from "./showtimes/installed-showtimes.ts";
import type { ReadSeatMap } from "./showtimes/read-live-map.ts";
import type { SeatPlans } from "./showtimes/seat-plans.ts";
import type { SeatWatches } from "./showtimes/seat-watches.ts";

/** What the process edge passes to `buildApp`. */
export type AppDeps = {
	readonly settings: Pick<
		ApiSettings,
		| "jwtSecret"
		| "limits"
		| "quarantineMs"
		| "requestTimeoutMs"
		| "answerTimeoutMs"
		| "inFlightMax"
		| "rates"
		| "corsOrigins"
		| "trustProxy"
		| "watchLimits"
		| "keepAliveMs"
		| "settleLagMaxMs"
	>;
	readonly logger: Logger;
	readonly seatStore: SeatStore;
	readonly authStore: AuthStore;
	readonly database: Database;
	readonly passwords: Passwords;
	/** Whether this process is shutting down. */
	readonly drain: Drain;
};

/** What routes are built from: `AppDeps`, and what `buildApp` creates from it once per process. */
export type RouteDeps = AppDeps & {
	readonly seatPlans: SeatPlans;
	readonly installedShowtimes: InstalledShowtimes;
	readonly readSeatMap: ReadSeatMap;
	readonly seatWatches: SeatWatches;
	readonly awaitRecorded: AwaitRecorded;
	readonly reportUnreadable: ReportUnreadable;
	readonly showtimeOfBooking: LRUCache<BookingId, ShowtimeId>;
};
