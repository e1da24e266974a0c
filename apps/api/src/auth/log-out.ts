/** `POST /auth/logout`: ends the sign-in that the access token belongs to. Other sign-ins of the user remain. */
import { endRefreshFamily } from "@holdfast/database";
import { Type } from "typebox";
import type { ApiServer } from "../api-server.ts";
import { BODY_PROBLEMS, OWN_PROBLEMS, STORE_PROBLEMS } from "../contract/problems.ts";
import type { AppDeps } from "../deps.ts";
import { signedInUser } from "../plugins/auth.ts";
import { rejectBody } from "../plugins/reject-body.ts";
import { denyFamily } from "./deny-family.ts";

/** Registers `POST /auth/logout`. */
export function addLogOut(app: ApiServer, { database, authStore }: AppDeps): void {
	app.route({
		method: "POST",
		url: "/logout",
		onRequest: app.requireUser,
		preHandler: rejectBody,
		schema: {
			operationId: "logOut",
			summary: "Sign out",
			description:
				"Ends the session of the access token: all its tokens become invalid within a second. Other sessions of the user remain. Sign " +
				"out in the app at once, but keep both tokens until this route has answered. After no answer or a retryable one, repeat the " +
				"request for up to 30 s. After a 401, refresh once and repeat the request with the new access token; a second 401, also one of " +
				"the refresh, means that the session has ended. Then delete both tokens; after 30 s, delete them in any case. Send no body, " +
				"or `{}`.",
			tags: ["auth"],
			security: [{ accessToken: [] }],
			response: { 204: Type.Null({ description: "The session has ended" }) },
		},
		config: { problems: [...BODY_PROBLEMS, ...OWN_PROBLEMS, "outcome_unknown", ...STORE_PROBLEMS] },
		handler: async (request, reply) => {
			const { id: userId, family } = signedInUser(request);
			// The access token last: a client that gets no answer needs the token to repeat the request.
			await endRefreshFamily(database, { userId, familyId: family });
			await denyFamily(authStore, family);
			reply.outcome = "signed_out";
			return reply.code(204).send(null);
		},
	});
}
