/** Answers a start that cannot be scheduled. */
import type { RescheduleStart, ScheduleOneOutcome } from "@holdfast/database";
import type { FastifyReply } from "fastify";
import { toInstant } from "../contract/share.ts";
import { presentClash } from "./present-admin-showtime.ts";

type RefusedStart =
	| Extract<ScheduleOneOutcome, { outcome: "refused_start" }>["start"]
	| Extract<RescheduleStart, { outcome: "refused_start" }>["start"];

/** Sends the problem of the start. The handler returns the result to Fastify. */
export function refuseStart(reply: FastifyReply, start: RefusedStart): FastifyReply {
	switch (start.outcome) {
		case "showtime_clash":
			return reply.problem("showtime_clash", { clash: presentClash(start.with), nextFreeStart: toInstant(start.nextFreeStart) });
		case "time_skipped":
			return reply.problem("time_skipped", { instants: [toInstant(start.before), toInstant(start.after)] });
		case "showtime_in_past":
		case "invalid_window":
			return reply.problem(start.outcome);
		default:
			throw new Error(`a start that is ${start.outcome} was refused`);
	}
}
