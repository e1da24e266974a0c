/** `PUT /admin/showtimes/:id`: changes the terms of a showtime (state, prices, sales window), or moves it to another time. */
import { parseShowtimeId, type ShowtimeId } from "@holdfast/domain";
import { withOpenShowtime } from "@holdfast/rebuild";
import { assert } from "@holdfast/runtime";
import type { FastifyReply } from "fastify";
import type { ApiServer } from "../api-server.ts";
import { IF_MATCH, SHOWTIME_VERSION_HEADERS } from "../contract/admin.ts";
import { AdminShowtimeDetails, type AdminShowtimeDetailsBody, ShowtimeChange } from "../contract/admin-showtime.ts";
import { BY_ID_OF_SHOWTIME } from "../contract/page.ts";
import { ADMIN_CHANGE_PROBLEMS, OPENING_PROBLEMS } from "../contract/problems.ts";
import type { RouteDeps } from "../deps.ts";
import { commandOf, refuseIfMatch } from "./admin-request.ts";
import { answerChanged } from "./answer-changed.ts";
import { parseShowtimeCondition, readChanged } from "./change-showtime.ts";
import { type MoveOutcome, moveShowtime } from "./move-showtime.ts";
import { planOne } from "./plan-one.ts";
import { refuseStart } from "./refuse-start.ts";
import { parsePricesOf, refuseSchedule } from "./schedule-request.ts";

/** Registers `PUT /admin/showtimes/:id`. */
export function addUpdateShowtime(app: ApiServer, deps: RouteDeps): void {
	app.route({
		method: "PUT",
		url: "/showtimes/:id",
		schema: {
			operationId: "updateShowtime",
			summary: "Change the terms of a showtime, or move it",
			description:
				"Changes the terms that the body has, all of them or none. They count for the next hold; holds and bookings keep their prices. If " +
				"every term has its value already, the answer is 200 and the version stays. `If-Match` compares the version of the terms, the first " +
				"number of the `ETag`.\n\nWith `startsAt` or `localStart` the showtime moves to another time in its auditorium, until it has started; " +
				"`reason` is required. Sales that ended at the old start end at the new one. Holds and bookings keep their seats, and each buyer sees " +
				"the old and the new time in the booking. `If-Match` then compares the version of the schedule, the second number. Terms and a move in " +
				"one body are answered 400.",
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
				"showtime_clash",
				"showtime_in_past",
				"time_skipped",
				"time_ambiguous",
			],
		},
		handler: async (request, reply) => {
			const condition = parseShowtimeCondition(request.headers["if-match"]);
			if (condition.outcome === "malformed") return refuseIfMatch(reply, condition.message);
			const { startsAt, localStart, extraMinutes, reason = null, ...terms } = request.body;
			const { state, prices, salesOpenAt, salesCloseAt } = terms;
			const isMove = [startsAt, localStart, extraMinutes].some((field) => field !== undefined);
			const misuse = isMove ? findMisuse({ startsAt, localStart, reason, terms }) : null;
			if (misuse !== null) return reply.problem("invalid_request", { errors: [misuse] });
			const parsed = parsePricesOf(prices);
			if (parsed.outcome === "repeated_tier") return refuseSchedule(reply, parsed);
			if (parsed.currencies.length > 1) return refuseSchedule(reply, { outcome: "several_currencies" });
			const [currency] = parsed.currencies;
			const showtimeId = parseShowtimeId(request.params.id, deps.settings.limits.buckets);
			if (showtimeId === null) return reply.problem("not_found");
			if (isMove) {
				const plan = (timeZone: string) => planOne({ startsAt, localStart }, timeZone, Date.now());
				const command = commandOf(request, reason);
				const moved = await moveShowtime(deps, { showtimeId, plan, extraMinutes, ifVersions: condition.schedule, command });
				return answerMove(reply, moved, await readIfMoved(deps, showtimeId, moved));
			}
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
					ifVersions: condition.terms,
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

type Move = { readonly startsAt: unknown; readonly localStart: unknown; readonly reason: string | null; readonly terms: object };

/** What is wrong with the body of a move, or null. */
function findMisuse({ startsAt, localStart, reason, terms }: Move): { pointer: string; message: string } | null {
	if (Object.keys(terms).length > 0) return { pointer: "", message: "must not have both terms and a new start" };
	if ((startsAt === undefined) === (localStart === undefined)) return { pointer: "", message: "must have either startsAt or localStart" };
	return reason === null ? { pointer: "/reason", message: "is required to move a showtime" } : null;
}

async function readIfMoved(deps: RouteDeps, showtimeId: ShowtimeId, { outcome }: MoveOutcome): Promise<AdminShowtimeDetailsBody | null> {
	return outcome === "moved" || outcome === "version_mismatch" ? readChanged(deps, showtimeId) : null;
}

function answerMove(reply: FastifyReply, moved: MoveOutcome, showtime: AdminShowtimeDetailsBody | null): FastifyReply {
	switch (moved.outcome) {
		case "moved":
		case "version_mismatch":
			assert(showtime !== null, "a moved showtime was not read");
			return answerChanged(reply, moved.outcome === "moved" ? "set" : "version_mismatch", showtime);
		case "pending":
			return reply.problem("outcome_unknown");
		case "refused_start":
			return refuseStart(reply, moved.start);
		case "invalid_schedule":
		case "time_ambiguous":
			return refuseSchedule(reply, moved);
		default:
			return reply.problem(moved.outcome);
	}
}
