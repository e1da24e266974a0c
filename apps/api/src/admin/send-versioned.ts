/** Sends a resource of the admin routes with its version as the `ETag`. */
import type { ChangeOutcome } from "@holdfast/database";
import type { FastifyReply } from "fastify";

type Versioned = { readonly version: number | string };

/** Sends the body with its `ETag`. The handler returns the result to Fastify. */
export const sendVersioned = (reply: FastifyReply, body: Versioned): FastifyReply => reply.header("etag", `"${body.version}"`).send(body);

/**
 * Sends the result of a change: the resource with its `ETag`, 404, or 412 with the resource as it is now. The handler returns the result to
 * Fastify.
 */
export function sendChanged<Row>(reply: FastifyReply, result: ChangeOutcome<Row>, present: (row: Row) => Versioned): FastifyReply {
	if (result.outcome === "not_found") return reply.problem("not_found");
	reply.outcome = result.outcome;
	const body = present(result.row);
	return result.outcome === "version_mismatch" ? refuseVersion(reply, body) : sendVersioned(reply, body);
}

/** Answers 412 with the resource as it is now, and its `ETag`. The handler returns the result to Fastify. */
export const refuseVersion = (reply: FastifyReply, current: Versioned): FastifyReply =>
	reply.header("etag", `"${current.version}"`).problem("version_mismatch", { current: { ...current } });
