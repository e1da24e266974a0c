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
		onRequest: app.limitAddress,
		schema: {
			operationId: "refreshSession",
			summary: "Exchange a refresh token for a new session",
			description:
				`A refresh token can be exchanged once. If the answer is lost, or is \`outcome_unknown\`, send the same token again within ${GRACE}: ` +
				"the answer then has the same new refresh token as the lost one. Any other second use (later, or after the new token was used) " +
				"counts as theft: the session ends on all sides, and the answer is 401. After a longer interruption, such as an app that was " +
				"suspended, expect a 401 and ask the user to sign in. A 401 of this route is final: do not refresh again.",
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
