/** `PUT /admin/showtimes/:id`: changes the terms of a showtime: its state, its prices and its sales window. */
import { parseShowtimeId } from "@holdfast/domain";
import { withOpenShowtime } from "@holdfast/rebuild";
import type { ApiServer } from "../api-server.ts";
import { IF_MATCH, SHOWTIME_VERSION_HEADERS } from "../contract/admin.ts";
import { AdminShowtimeDetails, ShowtimeChange } from "../contract/admin-showtime.ts";
import { BY_ID_OF_SHOWTIME } from "../contract/page.ts";
import { ADMIN_CHANGE_PROBLEMS, OPENING_PROBLEMS } from "../contract/problems.ts";
import type { RouteDeps } from "../deps.ts";
import { commandOf, refuseIfMatch } from "./admin-request.ts";
import { answerChanged } from "./answer-changed.ts";
import { parseTermsCondition, readChanged } from "./change-showtime.ts";
import { parsePricesOf, refuseSchedule } from "./schedule-request.ts";

/** Registers `PUT /admin/showtimes/:id`. */
export function addUpdateShowtime(app: ApiServer, deps: RouteDeps): void {
	app.route({
		method: "PUT",
		url: "/showtimes/:id",
		schema: {
			operationId: "updateShowtime",
			summary: "Change the terms of a showtime",
			description:
				"Changes the terms that the body has, all of them or none. They count for the next hold; holds and bookings keep their prices. If " +
				"every term has its value already, the answer is 200 and the version stays. `If-Match` compares the version of the terms, the first " +
				"number of the `ETag`: sales that move the schedule meanwhile are no conflict.",
			tags: ["admin"],
			security: [{ accessToken: [] }],
			params: BY_ID_OF_SHOWTIME,
			headers: IF_MATCH,
			body: ShowtimeChange.ref,
			response: { 200: AdminShowtimeDetails.answer("The showtime after the change", SHOWTIME_VERSION_HEADERS) },
		},
		config: {
			problems: [
				...ADMIN_CHANGE_PROBLEMS,
				...OPENING_PROBLEMS,
				"version_mismatch",
				"unknown_tiers",
				"currency_mismatch",
				"invalid_window",
				"busy",
			],
		},
		handler: async (request, reply) => {
			const condition = parseTermsCondition(request.headers["if-match"]);
			if (condition.outcome === "malformed") return refuseIfMatch(reply, condition.message);
			const { state, prices, salesOpenAt, salesCloseAt, reason = null } = request.body;
			const parsed = parsePricesOf(prices);
			if (parsed.outcome === "repeated_tier") return refuseSchedule(reply, parsed);
			if (parsed.currencies.length > 1) return refuseSchedule(reply, { outcome: "several_currencies" });
			const [currency] = parsed.currencies;
			const showtimeId = parseShowtimeId(request.params.id, deps.settings.limits.buckets);
			if (showtimeId === null) return reply.problem("not_found");
			const setTerms = () =>
				deps.seatStore.setTerms({
					showtimeId,
					terms: {
						state,
						prices: parsed.prices ?? undefined,
						currency,
						salesOpenAt: salesOpenAt === undefined ? undefined : Date.parse(salesOpenAt),
						salesCloseAt: salesCloseAt === undefined ? undefined : Date.parse(salesCloseAt),
					},
					ifVersions: condition.ifVersions,
					command: commandOf(request, reason),
				});
			const result = await withOpenShowtime(() => deps.installedShowtimes.reopen(showtimeId), setTerms);
			switch (result.outcome) {
				case "set":
				case "version_mismatch":
					return answerChanged(reply, result.outcome, await readChanged(deps, showtimeId));
				case "unknown_tiers":
				case "currency_mismatch":
					return refuseSchedule(reply, result);
				default:
					return reply.problem(result.outcome);
			}
		},
	});
}
