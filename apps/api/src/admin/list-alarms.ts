/** `GET /admin/alarms`: lists everything that needs an operator or the staff. */
import { readAlarms } from "@holdfast/rebuild";
import type { ApiServer } from "../api-server.ts";
import { AlarmReport } from "../contract/alarm.ts";
import { ADMIN_PROBLEMS } from "../contract/problems.ts";
import type { AppDeps } from "../deps.ts";
import { presentAlarms } from "./present-alarms.ts";

/** Registers `GET /admin/alarms`. */
export function addListAlarms(app: ApiServer, { seatStore, database, settings }: AppDeps): void {
	const { limits, settleLagMaxMs } = settings;
	app.route({
		method: "GET",
		url: "/alarms",
		schema: {
			operationId: "listAlarms",
			summary: "List the alarms",
			description:
				"Lists everything that needs an operator or the staff, each with what to do next. Answers also when a store does not: `unread` names " +
				"it, and the alarms that are read from it are `unknown`. While Redis does not answer at all, no access token can be checked, and the " +
				"answer is 503 as everywhere; the command `npm run alarms` shows the alarms then.",
			tags: ["admin"],
			security: [{ accessToken: [] }],
			response: { 200: AlarmReport.answer("Every alarm, raised or not") },
		},
		config: { problems: [...ADMIN_PROBLEMS] },
		handler: async (_request, reply) => {
			const report = await readAlarms({ seatStore, database, outboxMax: limits.outboxMax, settleLagMaxMs });
			return reply.send(presentAlarms(report, Date.now()));
		},
	});
}
