/** `POST /admin/auditoriums`: adds an auditorium. */
import { createAuditorium } from "@holdfast/database";
import { CLEANING_MINUTES_DEFAULT } from "@holdfast/domain";
import type { ApiServer } from "../api-server.ts";
import { VERSION_HEADERS } from "../contract/admin.ts";
import { Auditorium, NewAuditorium } from "../contract/admin-auditorium.ts";
import { ADMIN_CHANGE_PROBLEMS } from "../contract/problems.ts";
import type { AppDeps } from "../deps.ts";
import { commandOf } from "./admin-request.ts";
import { presentAuditorium } from "./present-auditorium.ts";
import { sendVersioned } from "./send-versioned.ts";
import { readVenue, UNKNOWN_TIME_ZONE } from "./update-auditorium.ts";

/** Registers `POST /admin/auditoriums`. */
export function addCreateAuditorium(app: ApiServer, { database }: AppDeps): void {
	app.route({
		method: "POST",
		url: "/auditoriums",
		schema: {
			operationId: "createAuditorium",
			summary: "Add an auditorium",
			description: "Adds an auditorium without a seat plan. Two auditoriums may have the same name. A repeat adds another auditorium.",
			tags: ["admin"],
			security: [{ accessToken: [] }],
			body: NewAuditorium.ref,
			response: { 201: Auditorium.answer("The new auditorium", VERSION_HEADERS) },
		},
		config: { problems: ADMIN_CHANGE_PROBLEMS },
		handler: async (request, reply) => {
			const { venue = null, cleaningMinutes = CLEANING_MINUTES_DEFAULT, dayStartsAt = "00:00", ...rest } = request.body;
			const fields = { ...rest, venue: readVenue(venue), cleaningMinutes, dayStartsAt };
			const result = await createAuditorium(database, fields, commandOf(request));
			if (result.outcome === "unknown_time_zone") return reply.problem("invalid_request", UNKNOWN_TIME_ZONE);
			return sendVersioned(reply.code(201), presentAuditorium(result.row));
		},
	});
}
