/** `POST /auth/login`. A wrong password and an unknown e-mail get one answer, in one time: both cost one verification. */
import { findUserByEmail } from "@holdfast/database";
import { verifyPassword } from "@holdfast/runtime";
import { BODY_PROBLEMS, STORE_PROBLEMS } from "../contract/problems.ts";
import { Credentials, Session } from "../contract/user.ts";
import type { AppDeps, Routes } from "../routes.ts";
import { presentSession } from "./present-session.ts";

export function addLogIn(app: Routes, { database }: AppDeps): void {
	app.route({
		method: "POST",
		url: "/login",
		schema: {
			operationId: "logIn",
			summary: "Sign in",
			tags: ["auth"],
			body: Credentials.ref,
			response: { 200: Session.answer("Signed in") },
		},
		config: { problems: [...BODY_PROBLEMS, "invalid_credentials", "busy", ...STORE_PROBLEMS] },
		handler: async (request, reply) => {
			const { email, password } = request.body;
			const found = await findUserByEmail(database, email);
			const { matches } = await verifyPassword(password, found?.passwordHash ?? null);
			if (found === null || !matches) return reply.problem("invalid_credentials");
			reply.outcome = "signed_in";
			return reply.send(presentSession(app, found.user));
		},
	});
}
