/** `POST /admin/dead-letters/:id/resolve`: replays a dead letter, or takes it off the list without a replay. */
import { findDeadLetter, resolveDeadLetter } from "@holdfast/database";
import { parseAnyId } from "@holdfast/domain";
import { replayDeadLetter } from "@holdfast/rebuild";
import { assert } from "@holdfast/runtime";
import type { ApiServer } from "../api-server.ts";
import { DeadLetter, DeadLetterResolution } from "../contract/alarm.ts";
import { BY_ID_OF_DEAD_LETTER } from "../contract/page.ts";
import { ADMIN_CHANGE_PROBLEMS } from "../contract/problems.ts";
import type { AppDeps } from "../deps.ts";
import { commandOf } from "./admin-request.ts";
import { presentDeadLetter } from "./present-alarms.ts";

/** Registers `POST /admin/dead-letters/:id/resolve`. */
export function addResolveDeadLetter(app: ApiServer, { seatStore, database }: AppDeps): void {
	app.route({
		method: "POST",
		url: "/dead-letters/:id/resolve",
		schema: {
			operationId: "resolveDeadLetter",
			summary: "Resolve a dead letter",
			description:
				"`replay` puts the entry back into its outbox, for after its cause is fixed: the sweeper settles it next, and if it fails again, it " +
				"becomes a new dead letter. `discard` takes it off the list of alarms: its event is never settled, and its seats stay as they are. A " +
				"dead letter that is resolved already is answered 200 and stays as it is.",
			tags: ["admin"],
			security: [{ accessToken: [] }],
			params: BY_ID_OF_DEAD_LETTER,
			body: DeadLetterResolution.ref,
			response: { 200: DeadLetter.answer("The dead letter, resolved") },
		},
		config: { problems: ["not_found", ...ADMIN_CHANGE_PROBLEMS] },
		handler: async (request, reply) => {
			const id = parseAnyId(request.params.id);
			const found = id === null ? null : await findDeadLetter(database, { id });
			if (found === null) return reply.problem("not_found");
			if (found.resolvedAt !== null) return reply.send(presentDeadLetter(found));
			const origin = commandOf(request, request.body.reason);
			// Of two requests at once both get here: the ledger records the event once, and one of them writes the audit row.
			if (request.body.action === "replay") await replayDeadLetter({ seatStore, database }, found, origin);
			else await resolveDeadLetter(database, found, { how: "discarded", origin });
			const resolved = await findDeadLetter(database, found);
			assert(resolved !== null, `the dead letter ${found.id} was not found again`);
			return reply.send(presentDeadLetter(resolved));
		},
	});
}
