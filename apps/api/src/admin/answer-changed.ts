/** Answers a change of a showtime by staff. */
import type { FastifyReply } from "fastify";
import type { AdminShowtimeDetailsBody } from "../contract/admin-showtime.ts";
import { sendVersioned } from "./send-versioned.ts";

/** Sends the showtime, or 412 with the showtime as it is. The handler returns the result to Fastify. */
export function answerChanged(reply: FastifyReply, outcome: "set" | "version_mismatch", showtime: AdminShowtimeDetailsBody): FastifyReply {
	if (outcome === "set") return sendVersioned(reply, showtime);
	return reply.header("etag", `"${showtime.version}"`).problem("version_mismatch", { current: { ...showtime } });
}
