/** `GET /admin/showtimes/:id`: shows a showtime with its seats and sales. */
import type { ApiServer } from "../api-server.ts";
import { SHOWTIME_VERSION_HEADERS } from "../contract/admin.ts";
import { AdminShowtimeDetails } from "../contract/admin-showtime.ts";
import { BY_ID_OF_SHOWTIME } from "../contract/page.ts";
import { ADMIN_PROBLEMS } from "../contract/problems.ts";
import type { RouteDeps } from "../deps.ts";
import { readAdminShowtime } from "./read-admin-showtime.ts";
import { sendVersioned } from "./send-versioned.ts";

/** Registers `GET /admin/showtimes/:id`. */
export function addShowAdminShowtime(app: ApiServer, deps: RouteDeps): void {
	app.route({
		method: "GET",
		url: "/showtimes/:id",
		schema: {
			operationId: "showAdminShowtime",
			summary: "Read one showtime with its seats and sales",
			description:
				"Returns the showtime as it is now, also when it is over or cancelled. A read never loads the showtime into the store of live seats.",
			tags: ["admin"],
			security: [{ accessToken: [] }],
			params: BY_ID_OF_SHOWTIME,
			response: { 200: AdminShowtimeDetails.answer("The showtime", SHOWTIME_VERSION_HEADERS) },
		},
		config: { problems: ["invalid_request", "not_found", ...ADMIN_PROBLEMS] },
		handler: async (request, reply) => {
			const showtime = await readAdminShowtime(deps, request.params.id);
			return showtime === null ? reply.problem("not_found") : sendVersioned(reply, showtime);
		},
	});
}
