/** `GET /admin/auditoriums/:id`: shows one auditorium, also when it is archived. */
import { findAuditorium } from "@holdfast/database";
import { parseAuditoriumId } from "@holdfast/domain";
import type { ApiServer } from "../api-server.ts";
import { VERSION_HEADERS } from "../contract/admin.ts";
import { Auditorium } from "../contract/admin-auditorium.ts";
import { BY_ID_OF_AUDITORIUM } from "../contract/page.ts";
import { ADMIN_PROBLEMS } from "../contract/problems.ts";
import type { AppDeps } from "../deps.ts";
import { presentAuditorium } from "./present-auditorium.ts";
import { sendVersioned } from "./send-versioned.ts";

/** Registers `GET /admin/auditoriums/:id`. */
export function addShowAuditorium(app: ApiServer, { database }: AppDeps): void {
	app.route({
		method: "GET",
		url: "/auditoriums/:id",
		schema: {
			operationId: "showAuditorium",
			summary: "Read one auditorium, also an archived one",
			description: "Returns the auditorium with its version.",
			tags: ["admin"],
			security: [{ accessToken: [] }],
			params: BY_ID_OF_AUDITORIUM,
			response: { 200: Auditorium.answer("The auditorium", VERSION_HEADERS) },
		},
		config: { problems: ["invalid_request", "not_found", ...ADMIN_PROBLEMS] },
		handler: async (request, reply) => {
			const auditoriumId = parseAuditoriumId(request.params.id);
			const auditorium = auditoriumId && (await findAuditorium(database, auditoriumId));
			return auditorium === null ? reply.problem("not_found") : sendVersioned(reply, presentAuditorium(auditorium));
		},
	});
}
