/**
 * `POST /auth/refresh`: exchanges a refresh token for the next refresh token and a new access token. All refusals get the
 * same answer. A token that was used before ends its family, and only the log shows this reason.
 */
import { endRefreshFamily, REFRESH_GRACE_MS, rotateRefreshToken } from "@holdfast/database";
import type { ApiServer } from "../api-server.ts";
import { BODY_PROBLEMS, EXACT_DETAILS, STORE_PROBLEMS } from "../contract/problems.ts";
import { RefreshRequest, Session } from "../contract/user.ts";
import type { AppDeps } from "../deps.ts";
import { denyFamily } from "./deny-family.ts";
import { presentSession } from "./open-session.ts";

const GRACE = `${REFRESH_GRACE_MS / 1000} s`;

/** Registers `POST /auth/refresh`. */
export function addRefreshSession(app: ApiServer, { database, authStore }: AppDeps): void {
	app.route({
		method: "POST",
		url: "/refresh",
		onRequest: app.limitRefresh,
		schema: {
			operationId: "refreshSession",
			summary: "Exchange a refresh token for a new session",
			description:
				"Exchanges a refresh token for a new session. Each refresh token can be used once, except to repeat a lost refresh. If there " +
				"is no answer after 4 s, or the answer is `outcome_unknown`, send the same refresh token again. The server answers with the same " +
				`new refresh token as in the lost answer for ${GRACE}, counted from when it processed the first request. Any other second ` +
				"use (later, or after the new refresh token was used) counts as theft: the session ends on all sides, and the answer is 401. " +
				"An app that was suspended during a refresh sends the same refresh token again when it wakes up: if the server processed the " +
				`first request more than ${GRACE} ago, the answer is 401. After 429, \`unavailable\` and \`overloaded\` the refresh token is ` +
				"still good: the refused request did not use it. A 401 of this route is final: do not refresh again, ask the user to sign in.",
			tags: ["auth"],
			body: RefreshRequest.ref,
			response: { 200: Session.answer("The session with new tokens") },
		},
		config: {
			problems: [...BODY_PROBLEMS, "unauthenticated", "too_many_requests", "outcome_unknown", ...STORE_PROBLEMS],
			exactDetails: ["refresh_refused"],
		},
		handler: async (request, reply) => {
			const result = await rotateRefreshToken(database, request.body.refreshToken);
			if (result.outcome === "rotated") {
				reply.outcome = result.isRepeat ? "refreshed_again" : "refreshed";
				return reply.send(presentSession(app, result.user, result));
			}
			if (result.outcome === "reused") {
				// The denial first: if it fails, the family still exists, and the next use of the token is detected as reuse again.
				await denyFamily(authStore, result.familyId);
				await endRefreshFamily(database, result);
			}
			return reply.problem("unauthenticated", { detail: EXACT_DETAILS.refresh_refused.detail, outcome: `refresh_${result.outcome}` });
		},
	});
}
