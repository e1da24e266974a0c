/** Builds the API. Plugins and routes are registered from top to bottom, so this file is the table of contents. Tests `inject` into it. */
import type { BookingId, ShowtimeId } from "@holdfast/domain";
import { createRebuilder } from "@holdfast/rebuild";
import { createConnectionGuard } from "@holdfast/runtime";
import { type FastifyBaseLogger, fastify, LogController } from "fastify";
import { addAdminRoutes } from "./admin/index.ts";
import type { ApiServer } from "./api-server.ts";
import { addAuthRoutes } from "./auth/index.ts";
import { addBookingRoutes } from "./bookings/index.ts";
import { createAwaitRecorded } from "./bookings/prefer-wait.ts";
import { compileTrust } from "./client-address.ts";
import { SHARED_SCHEMAS } from "./contract/index.ts";
import { BODY_MAX_BYTES } from "./contract/problems.ts";
import { buildSerializer } from "./contract/serializers.ts";
import { buildValidator } from "./contract/validators.ts";
import { createLru } from "./create-lru.ts";
import type { AppDeps, RouteDeps } from "./deps.ts";
import { addShowHealth } from "./health/show-health.ts";
import { addShowLiveness } from "./health/show-liveness.ts";
import { addShowReadiness } from "./health/show-readiness.ts";
import { joinReads } from "./join-reads.ts";
import { addMovieRoutes } from "./movies/index.ts";
import { type ApiMetrics, countRebuilds, createApiMetrics, createHoldCounts } from "./plugins/api-metrics.ts";
import { auth } from "./plugins/auth.ts";
import { createGuardedServer, guardServer } from "./plugins/guard-server.ts";
import { httpConformance } from "./plugins/http-conformance.ts";
import { limitRequests } from "./plugins/limit-requests.ts";
import { logOutcomes } from "./plugins/log-outcomes.ts";
import { metricsEndpoint } from "./plugins/metrics-endpoint.ts";
import { openapi } from "./plugins/openapi.ts";
import { pressure } from "./plugins/pressure.ts";
import { readBodies } from "./plugins/read-bodies.ts";
import { rejectBadEncoding } from "./plugins/reject-bad-encoding.ts";
import { rejectUnknownQuery } from "./plugins/reject-unknown-query.ts";
import { requestOutcome } from "./plugins/request-outcome.ts";
import { requestIdOf, responseHeaders } from "./plugins/response-headers.ts";
import { securityHeaders } from "./plugins/security-headers.ts";
import { answerClientError, answerFrameworkError, sendProblems } from "./plugins/send-problems.ts";
import { createUnreadableReport } from "./present-skipping-unreadable.ts";
import { createCurrentShowtimes } from "./showtimes/current-showtimes.ts";
import { addShowtimeRoutes } from "./showtimes/index.ts";
import { createInstalledShowtimes } from "./showtimes/installed-showtimes.ts";
import { createShowtimeOpener } from "./showtimes/open-showtime.ts";
import { readLiveMap } from "./showtimes/read-live-map.ts";
import { createSeatCounts } from "./showtimes/seat-counts.ts";
import { createSeatPlans } from "./showtimes/seat-plans.ts";
import { createSeatWatches } from "./showtimes/seat-watches.ts";

/** How often the server checks for requests that take longer than `requestTimeoutMs` to arrive. */
const SLOW_REQUEST_CHECK_EVERY_MS = 1_000;
/** Bookings whose showtime is cached, about 200 bytes each. */
const CACHED_BOOKINGS_MAX = 50_000;

/** Returns the API, not listening yet. `ready()` or `inject()` starts it. `close()` ends it. The caller closes the stores. */
export function buildApp(deps: AppDeps): ApiServer {
	const loggerInstance: FastifyBaseLogger = deps.logger;
	const guard = createConnectionGuard({
		answerTimeoutMs: deps.settings.answerTimeoutMs,
		onDrop: (drop) => deps.logger.info(drop, "connection dropped"),
	});
	const app: ApiServer = fastify({
		loggerInstance,
		// One log line per request outcome (plugins/log-outcomes.ts) instead of two per request.
		logController: new LogController({ disableRequestLogging: true }),
		childLoggerFactory: (logger) => logger,
		genReqId: requestIdOf,
		requestIdHeader: false,
		bodyLimit: BODY_MAX_BYTES,
		requestTimeout: deps.settings.requestTimeoutMs,
		keepAliveTimeout: deps.settings.keepAliveMs,
		forceCloseConnections: "idle",
		// `X-Forwarded-For` counts only in requests from one of these proxies.
		trustProxy: deps.settings.trustProxy.length > 0 && compileTrust(deps.settings.trustProxy),
		http: {
			// A missing Host header is answered by plugins/http-conformance.ts, in the API's error format.
			requireHostHeader: false,
			connectionsCheckingInterval: SLOW_REQUEST_CHECK_EVERY_MS,
			// Must not exceed `requestTimeout`: Node would swap the two values, and a body would get a minute.
			headersTimeout: deps.settings.requestTimeoutMs,
		},
		// Requests on open connections are still answered during shutdown: Fastify's own 503 is not problem+json.
		return503OnClosing: false,
		frameworkErrors: answerFrameworkError,
		// Earlier complete requests are answered first. Otherwise the client would take this answer for theirs.
		clientErrorHandler: (error, socket) => guard.whenAnswered(socket, () => answerClientError(error, socket)),
		serverFactory: (listener, options) => createGuardedServer(guard, listener, options),
		schemaController: { compilersFactory: { buildSerializer, buildValidator } },
	}).withTypeProvider();

	for (const schema of SHARED_SCHEMAS) app.addSchema(schema);
	app.register(responseHeaders);
	app.register(requestOutcome);
	app.register(logOutcomes);
	app.register(sendProblems);
	app.register(httpConformance);
	app.register(rejectBadEncoding);
	app.register(rejectUnknownQuery);
	app.register(securityHeaders, { corsOrigins: deps.settings.corsOrigins });
	app.register(pressure, { inFlightMax: deps.settings.inFlightMax });
	const metrics = createApiMetrics();
	app.register(guardServer, { guard, metrics });
	app.register(metricsEndpoint, { metrics, seatStore: deps.seatStore });
	app.register(readBodies);
	app.register(auth, { jwtSecret: deps.settings.jwtSecret, authStore: deps.authStore });
	app.register(limitRequests, { authStore: deps.authStore, rates: deps.settings.rates });
	app.register(openapi);

	const routeDeps = makeRouteDeps(deps, metrics);
	app.register(async (root) => addShowLiveness(root));
	app.register(async (root) => addShowReadiness(root, routeDeps));
	app.register(
		async (api) => {
			api.register(async (scope) => addShowHealth(scope, routeDeps));
			api.register(async (scope) => addAuthRoutes(scope, routeDeps), { prefix: "/auth" });
			api.register(async (scope) => addMovieRoutes(scope, routeDeps), { prefix: "/movies" });
			api.register(async (scope) => addShowtimeRoutes(scope, routeDeps));
			api.register(async (scope) => addBookingRoutes(scope, routeDeps), { prefix: "/bookings" });
			api.register(async (scope) => addAdminRoutes(scope, routeDeps), { prefix: "/admin" });
		},
		{ prefix: "/api/v1" },
	);
	return app;
}

function makeRouteDeps(deps: AppDeps, metrics: ApiMetrics): RouteDeps {
	const seatPlans = createSeatPlans(deps);
	const { seatStore, database, logger: log, settings } = deps;
	const rebuilder = countRebuilds(createRebuilder({ seatStore, database, log, quarantineMs: settings.quarantineMs }), metrics);
	const openShowtime = createShowtimeOpener({ database, rebuilder });
	const installedShowtimes = createInstalledShowtimes({ seatStore, seatPlans, openShowtime });
	const readSeatMap = joinReads((showtimeId: ShowtimeId) => seatStore.readSeatMap(showtimeId));
	const readMap = (showtimeId: ShowtimeId) => readLiveMap({ readSeatMap, installedShowtimes }, showtimeId);
	const seatWatches = createSeatWatches({ seatStore, readMap, limits: settings.watchLimits });
	metrics.gauge("holdfast_watchers", "Clients connected to a stream of seat changes", (own) => own.set(seatWatches.size().watchers));
	metrics.gauge("holdfast_watched_showtimes", "Showtimes that at least one client watches", (own) => own.set(seatWatches.size().showtimes));
	const reportUnreadable = createUnreadableReport(log, metrics.unreadable);
	return {
		...deps,
		seatPlans,
		installedShowtimes,
		rebuilder,
		currentShowtimes: createCurrentShowtimes({ seatStore, database }),
		readSeatMap,
		countSeatsOf: createSeatCounts({ seatStore, reportUnreadable }),
		seatWatches,
		awaitRecorded: createAwaitRecorded(seatStore),
		holdCounts: createHoldCounts(metrics),
		reportUnreadable,
		showtimeOfBooking: createLru<BookingId, ShowtimeId>(CACHED_BOOKINGS_MAX),
	};
}
