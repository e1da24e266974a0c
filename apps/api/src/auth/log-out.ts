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
				"Ends the session of the access token. The refresh token and all access tokens of the session become invalid within a second. Other " +
				"sessions of the user remain. A 401 means that the access token is no longer valid. After a repeated request, it means that the session " +
				"has ended. If the token had merely expired, refresh and sign out with the new token. Delete both tokens in every case. Send no body, " +
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
