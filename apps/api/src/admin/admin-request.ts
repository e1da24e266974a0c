/** What the admin routes share: who gives a command, and the conditions of a change. */
import type { VersionCondition } from "@holdfast/database";
import type { StaffCommand } from "@holdfast/domain";
import type { FastifyReply, FastifyRequest } from "fastify";
import { parseEntityTags } from "../contract/entity-tags.ts";
import { signedInUser } from "../plugins/auth.ts";

/** Returns who gives the command of this request, and why. */
export const commandOf = (request: FastifyRequest, reason: string | null = null): StaffCommand => ({
	actor: signedInUser(request).id,
	requestId: request.id,
	reason,
});

const VERSION = /^[1-9]\d{0,8}$/;

/**
 * Returns the versions that `If-Match` names, null for none or `*`, or `malformed` with what is wrong. A tag that is not a version of ours
 * matches nothing.
 */
export function parseVersionCondition(
	header: string | undefined,
): { outcome: "parsed"; ifVersions: VersionCondition } | { outcome: "malformed"; message: string } {
	const parsed = parseEntityTags(header);
	if (parsed.outcome === "malformed") return parsed;
	const { tags } = parsed;
	return { outcome: "parsed", ifVersions: tags === null ? null : tags.filter((tag) => VERSION.test(tag)).map(Number) };
}

/** Answers 400 for a malformed `If-Match`. */
export const refuseIfMatch = (reply: FastifyReply, message: string): FastifyReply =>
	reply.problem("invalid_request", { errors: [{ pointer: "/headers/if-match", message }] });
