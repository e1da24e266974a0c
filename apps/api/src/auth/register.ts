/** `POST /auth/register`: creates a user and signs the user in. */
import { registerUser } from "@holdfast/database";
import type { ApiServer } from "../api-server.ts";
import { BODY_PROBLEMS, STORE_PROBLEMS } from "../contract/problems.ts";
import { Registration, Session } from "../contract/user.ts";
import type { AppDeps } from "../deps.ts";
import { refuseForRate } from "../plugins/limit-requests.ts";
import { presentSession } from "./open-session.ts";

/** Registers `POST /auth/register`. */
export function addRegister(app: ApiServer, { database, passwords }: AppDeps): void {
	app.route({
		method: "POST",
		url: "/register",
		onRequest: app.limitAddress,
		schema: {
			operationId: "register",
			summary: "Register",
			description:
				"Creates a user and opens a session. The answer takes about a quarter of a second. If the server is at capacity, the answer " +
				"is `busy`. After `outcome_unknown` or no answer, the same request can be sent again. If the repeat is answered " +
				"`email_taken`, the e-mail address has an account, probably from the first request: sign in with the same password. If that " +
				"is answered `invalid_credentials`, the account existed before.",
			tags: ["auth"],
			body: Registration.ref,
			response: { 201: Session.answer("The session of the new user") },
		},
		config: { problems: [...BODY_PROBLEMS, "email_taken", "too_many_requests", "busy", "outcome_unknown", ...STORE_PROBLEMS] },
		handler: async (request, reply) => {
			const { email, password, displayName } = request.body;
			const waitMs = await app.countAccountAttempt(email);
			if (waitMs !== null) return refuseForRate(reply, waitMs);
			const passwordHash = await passwords.hash(password);
			const result = await registerUser(database, { email, passwordHash, displayName: displayName.trim(), role: "user" });
			if (result.outcome === "email_taken") return reply.problem("email_taken");
			reply.outcome = "registered";
			return reply.code(201).send(presentSession(app, result.user, result.family));
		},
	});
}
