/** `GET /auth/me`: shows the signed-in user, read from the database. */
import { findUser } from "@holdfast/database";
import type { ApiServer } from "../api-server.ts";
import { OWN_PROBLEMS, STORE_PROBLEMS } from "../contract/problems.ts";
import { User } from "../contract/user.ts";
import type { AppDeps } from "../deps.ts";
import { signedInUser } from "../plugins/auth.ts";
import { presentUser } from "./present-user.ts";

/** Registers `GET /auth/me`. */
export function addShowMe(app: ApiServer, { database }: AppDeps): void {
	app.route({
		method: "GET",
		url: "/me",
		onRequest: app.requireUser,
		schema: {
			operationId: "showMe",
			summary: "Read the signed-in user",
			description: "Returns the current data of the signed-in user.",
			tags: ["auth"],
			security: [{ accessToken: [] }],
			response: { 200: User.answer("The signed-in user") },
		},
		config: { problems: [...OWN_PROBLEMS, ...STORE_PROBLEMS] },
		handler: async (request, reply) => {
			const user = await findUser(database, signedInUser(request).id);
			// An access token stays valid for up to its lifetime after its user was deleted.
			return user === null ? reply.problem("unauthenticated") : reply.send(presentUser(user));
		},
	});
}
