/** The types that route files share. */
import type { IncomingMessage, ServerResponse } from "node:http";
import type { TypeBoxTypeProvider } from "@fastify/type-provider-typebox";
import type { Database } from "@holdfast/database";
import type { BookingId, ShowtimeId } from "@holdfast/domain";
import type { Logger } from "@holdfast/runtime";
import type { AuthStore, SeatStore } from "@holdfast/seat-store";
import type { FastifyBaseLogger, FastifyInstance, RawServerDefault } from "fastify";
import type { LRUCache } from "lru-cache";
import type { LedgerWait } from "./bookings/prefer-wait.ts";
import type { Drain } from "./health/drain.ts";
import type { ReportUnreadable } from "./leave-out-unreadable.ts";
import type { ApiSettings } from "./settings.ts";
import type { LiveShowtimes } from "./showtimes/live-showtimes.ts";
import type { ReadSeatMap } from "./showtimes/read-live-map.ts";
import type { SeatPlans } from "./showtimes/seat-plans.ts";
import type { SeatWatches } from "./showtimes/seat-watches.ts";

/** What the API is built from, made at the process edge. */
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
	/** Whether this process is about to end. */
	readonly drain: Drain;
};

/** What routes are built from: the above, and what `buildApp` makes of it once. */
export type RouteDeps = AppDeps & {
	readonly seatPlans: SeatPlans;
	readonly liveShowtimes: LiveShowtimes;
	readonly readSeatMap: ReadSeatMap;
	readonly seatWatches: SeatWatches;
	readonly awaitRecorded: LedgerWait;
	readonly reportUnreadable: ReportUnreadable;
	readonly showtimeOfBooking: LRUCache<BookingId, ShowtimeId>;
};

/** A server whose handlers are typed by their schemas. */
export type Routes = FastifyInstance<RawServerDefault, IncomingMessage, ServerResponse, FastifyBaseLogger, TypeBoxTypeProvider>;
