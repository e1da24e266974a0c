/** Answers a change of a showtime by staff. */
import type { FastifyReply } from "fastify";
import type { AdminShowtimeDetailsBody } from "../contract/admin-showtime.ts";
import { refuseVersion, sendVersioned } from "./send-versioned.ts";

/** Sends the showtime, or 412 with the showtime as it is. The handler returns the result to Fastify. */
export function answerChanged(reply: FastifyReply, outcome: "set" | "version_mismatch", showtime: AdminShowtimeDetailsBody): FastifyReply {
	return outcome === "set" ? sendVersioned(reply, showtime) : refuseVersion(reply, showtime);
}
