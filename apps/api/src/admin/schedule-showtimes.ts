/** `POST /admin/showtimes/bulk`: schedules many showtimes in one auditorium. */
import { type JudgedStart, scheduleInBulk } from "@holdfast/database";
import { expandSchedule } from "@holdfast/domain";
import type { ApiServer } from "../api-server.ts";
import { BULK_HEADERS, NewSchedule, Schedule, type ScheduleBody } from "../contract/admin-showtime.ts";
import { ADMIN_CHANGE_PROBLEMS, SCHEDULE_PROBLEMS } from "../contract/problems.ts";
import type { AppDeps } from "../deps.ts";
import { commandOf } from "./admin-request.ts";
import { presentStarts } from "./present-admin-showtime.ts";
import { parseRoomFields, refuseSchedule } from "./schedule-request.ts";

const MINUTE_MS = 60_000;

/** Registers `POST /admin/showtimes/bulk`. */
export function addScheduleShowtimes(app: ApiServer, { database, settings }: AppDeps): void {
	app.route({
		method: "POST",
		url: "/showtimes/bulk",
		schema: {
			operationId: "scheduleShowtimes",
			summary: "Schedule many showtimes",
			description:
				"Schedules a showtime at each of `times` on each day from `from` to `until` that is one of `weekdays` and not in `except`. With " +
				"`onClash: fail`, if any start cannot be scheduled, none is, and the answer is a problem that lists what is wrong with each. Of a " +
				"time that a clock change repeats, the first is taken.",
			tags: ["admin"],
			security: [{ accessToken: [] }],
			headers: BULK_HEADERS,
			body: NewSchedule.ref,
			response: {
				200: Schedule.answer("With `dryRun`: what would be scheduled"),
				201: Schedule.answer("What was scheduled"),
			},
		},
		config: { problems: [...ADMIN_CHANGE_PROBLEMS, ...SCHEDULE_PROBLEMS, "idempotency_mismatch"] },
		handler: async (request, reply) => {
			const { from, until, weekdays, times, except = [], window = {}, onClash, dryRun = false, ...roomFields } = request.body;
			const parsed = parseRoomFields(roomFields);
			if (parsed.outcome !== "parsed") return refuseSchedule(reply, parsed);
			const nowMs = Date.now();
			const { salesOpenAt, closeMinutesBefore = 0 } = window;
			const result = await scheduleInBulk(
				database,
				{
					...parsed.fields,
					salesOpenAt: salesOpenAt === undefined ? nowMs : Date.parse(salesOpenAt),
					salesCloseAt: (start) => start - closeMinutesBefore * MINUTE_MS,
					plan: (timeZone) => expandSchedule({ from, until, weekdays, times, except, timeZone, nowMs }),
					onClash,
					isDryRun: dryRun,
					buckets: settings.limits.buckets,
					idempotencyKey: request.headers["idempotency-key"] ?? null,
					body: request.body,
				},
				commandOf(request),
			);
			switch (result.outcome) {
				case "replayed":
					reply.header("idempotency-replayed", "true");
					return reply.code(201).send(presentSchedule(result.answer.starts, result.answer.batchId));
				case "scheduled":
					return reply.code(201).send(presentSchedule(result.answer.starts, result.answer.batchId));
				case "judged":
					if (dryRun) return reply.send(presentSchedule(result.starts, null));
					return reply.problem(codeOf(result.starts), { starts: presentStarts(result.starts.filter(isRefused)) });
				case "idempotency_mismatch":
					return reply.problem("idempotency_mismatch");
				default:
					return refuseSchedule(reply, result);
			}
		},
	});
}

function presentSchedule(starts: readonly JudgedStart[], batchId: string | null): ScheduleBody {
	return { batchId, scheduled: starts.filter(({ outcome }) => outcome === "scheduled").length, starts: presentStarts(starts) };
}

const isRefused = ({ outcome }: JudgedStart): boolean => outcome !== "free";

/** The problem of a schedule of which no showtime was scheduled: a clash if there is one, else that of the first start. */
function codeOf(starts: readonly JudgedStart[]): "showtime_clash" | "showtime_in_past" | "time_skipped" | "invalid_window" {
	const codes = starts.flatMap(({ outcome }) => (outcome === "free" || outcome === "scheduled" ? [] : [outcome]));
	const [first = "showtime_clash"] = codes;
	return codes.includes("showtime_clash") ? "showtime_clash" : first;
}
