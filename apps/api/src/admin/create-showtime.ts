/** `POST /admin/showtimes`: schedules one showtime. */
import { type PlanOutcome, type ScheduleOneOutcome, scheduleOne } from "@holdfast/database";
import { findInstants, toLocalTime } from "@holdfast/domain";
import type { FastifyReply } from "fastify";
import type { ApiServer } from "../api-server.ts";
import { SHOWTIME_VERSION_HEADERS } from "../contract/admin.ts";
import { AdminShowtime, NewShowtime } from "../contract/admin-showtime.ts";
import { ADMIN_CHANGE_PROBLEMS, SCHEDULE_PROBLEMS } from "../contract/problems.ts";
import { toInstant } from "../contract/share.ts";
import type { AppDeps } from "../deps.ts";
import { commandOf } from "./admin-request.ts";
import { presentAdminShowtime, presentClash } from "./present-admin-showtime.ts";
import { parseRoomFields, refuseSchedule } from "./schedule-request.ts";
import { sendVersioned } from "./send-versioned.ts";

/** Registers `POST /admin/showtimes`. */
export function addCreateShowtime(app: ApiServer, { database, settings }: AppDeps): void {
	app.route({
		method: "POST",
		url: "/showtimes",
		schema: {
			operationId: "createShowtime",
			summary: "Schedule a showtime",
			description:
				"Schedules a showtime in an auditorium that is free from its start to the end of its cleaning. It ends after the running time of the " +
				"movie and `extraMinutes`. A repeat after a lost answer is answered `showtime_clash` with the showtime of the first request.",
			tags: ["admin"],
			security: [{ accessToken: [] }],
			body: NewShowtime.ref,
			response: { 201: AdminShowtime.answer("The new showtime", SHOWTIME_VERSION_HEADERS) },
		},
		config: { problems: [...ADMIN_CHANGE_PROBLEMS, ...SCHEDULE_PROBLEMS, "time_ambiguous"] },
		handler: async (request, reply) => {
			const { startsAt, localStart, salesOpenAt, salesCloseAt, ...roomFields } = request.body;
			if ((startsAt === undefined) === (localStart === undefined))
				return reply.problem("invalid_request", { errors: [{ pointer: "", message: "must have either startsAt or localStart" }] });
			const parsed = parseRoomFields(roomFields);
			if (parsed.outcome !== "parsed") return refuseSchedule(reply, parsed);
			const nowMs = Date.now();
			const result = await scheduleOne(
				database,
				{
					...parsed.fields,
					salesOpenAt: salesOpenAt === undefined ? nowMs : Date.parse(salesOpenAt),
					salesCloseAt: (start) => (salesCloseAt === undefined ? start : Date.parse(salesCloseAt)),
					plan: (timeZone) => planOne({ startsAt, localStart }, timeZone, nowMs),
					buckets: settings.limits.buckets,
				},
				commandOf(request),
			);
			switch (result.outcome) {
				case "scheduled":
					return sendVersioned(reply.code(201), presentAdminShowtime(result.showtime));
				case "refused_start":
					return refuseStart(reply, result.start);
				default:
					return refuseSchedule(reply, result);
			}
		},
	});
}

type Start = { readonly startsAt: string | undefined; readonly localStart: string | undefined };

function planOne({ startsAt, localStart = "" }: Start, timeZone: string, nowMs: number): PlanOutcome {
	if (startsAt !== undefined) return planAt(Date.parse(startsAt), timeZone, nowMs);
	const found = findInstants(localStart, timeZone);
	const [date = "", time = ""] = localStart.split("T");
	switch (found.outcome) {
		case "once":
			return planAt(found.instant, timeZone, nowMs);
		case "twice":
			return { outcome: "time_ambiguous", first: found.first, second: found.second };
		case "skipped":
			return { outcome: "planned", starts: [{ date, time, outcome: "time_skipped", before: found.before, after: found.after }] };
		case "invalid_local_time":
			return { outcome: "invalid_schedule", errors: [{ pointer: "/localStart", message: "is not a date and time that exist" }] };
	}
}

function planAt(startsAt: number, timeZone: string, nowMs: number): PlanOutcome {
	const { date, time } = toLocalTime(startsAt, timeZone);
	return { outcome: "planned", starts: [{ date, time, outcome: startsAt > nowMs ? "starts" : "showtime_in_past", startsAt }] };
}

type RefusedStart = Extract<ScheduleOneOutcome, { outcome: "refused_start" }>["start"];

/** Answers a start that cannot be scheduled. The handler returns the result to Fastify. */
function refuseStart(reply: FastifyReply, start: RefusedStart): FastifyReply {
	switch (start.outcome) {
		case "showtime_clash":
			return reply.problem("showtime_clash", { clash: presentClash(start.with), nextFreeStart: toInstant(start.nextFreeStart) });
		case "time_skipped":
			return reply.problem("time_skipped", { instants: [toInstant(start.before), toInstant(start.after)] });
		case "showtime_in_past":
		case "invalid_window":
			return reply.problem(start.outcome);
		case "free":
			throw new Error("a free start was not scheduled");
	}
}
