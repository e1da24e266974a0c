/**
 * `POST /auth/refresh`: exchanges a refresh token for the next refresh token and a new access token. All refusals get the
 * same answer. A token that was used before ends its family, and only the log shows this reason.
 */
import { endRefreshFamily, rotateRefreshToken } from "@holdfast/database";
import type { ApiServer } from "../api-server.ts";
import { BODY_PROBLEMS, STORE_PROBLEMS } from "../contract/problems.ts";
import { RefreshRequest, Session } from "../contract/user.ts";
import type { AppDeps } from "../deps.ts";
import { denyFamily } from "./deny-family.ts";
import { presentSession } from "./open-session.ts";

const REFUSAL = { detail: "The refresh token is invalid, expired or already used. No session was opened; sign in again." };

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
				"A refresh token is good once. Sent again within 10 s, while its successor is unused, it gives the same successor, so that a " +
				"lost answer costs nothing. Sent again later it ends every token of that sign-in; so repeat it within 10 s after " +
				"`outcome_unknown` and when no answer came.",
			tags: ["auth"],
			body: RefreshRequest.ref,
			response: { 200: Session.answer("The session goes on") },
		},
		config: { problems: [...BODY_PROBLEMS, "unauthenticated", "too_many_requests", "outcome_unknown", ...STORE_PROBLEMS] },
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
			return reply.problem("unauthenticated", { ...REFUSAL, outcome: `refresh_${result.outcome}` });
		},
	});
}
