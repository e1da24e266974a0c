/** `POST /admin/showtimes`: schedules one showtime. */
import { scheduleOne } from "@holdfast/database";
import type { ApiServer } from "../api-server.ts";
import { SHOWTIME_VERSION_HEADERS } from "../contract/admin.ts";
import { AdminShowtime, NewShowtime } from "../contract/admin-showtime.ts";
import { ADMIN_CHANGE_PROBLEMS, SCHEDULE_PROBLEMS } from "../contract/problems.ts";
import type { AppDeps } from "../deps.ts";
import { commandOf } from "./admin-request.ts";
import { planOne } from "./plan-one.ts";
import { presentAdminShowtime } from "./present-admin-showtime.ts";
import { refuseStart } from "./refuse-start.ts";
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
