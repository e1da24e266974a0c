/** `POST /auth/login`. A wrong password and an unknown e-mail get the same answer in similar time: both cost one password verification. */
import { findUserByEmail, replacePasswordHash } from "@holdfast/database";
import type { UserId } from "@holdfast/domain";
import type { ApiServer } from "../api-server.ts";
import { BODY_PROBLEMS, STORE_PROBLEMS } from "../contract/problems.ts";
import { Credentials, Session } from "../contract/user.ts";
import type { AppDeps } from "../deps.ts";
import { refuseForRate } from "../plugins/limit-requests.ts";
import { openSession } from "./open-session.ts";

/** Registers `POST /auth/login`. */
export function addLogIn(app: ApiServer, { database, logger, passwords }: AppDeps): void {
	/** Rehashes the password with the current cost parameters. If the new hash cannot be stored, the next sign-in tries again. */
	async function rehash(userId: UserId, password: string, from: string): Promise<void> {
		try {
			await replacePasswordHash(database, userId, { from, to: await passwords.hash(password) });
		} catch (error) {
			logger.warn({ reason: error instanceof Error ? error.name : "unknown" }, "password rehash failed");
		}
	}

	app.route({
		method: "POST",
		url: "/login",
		onRequest: app.limitAddress,
		schema: {
			operationId: "logIn",
			summary: "Sign in",
			description:
				"Opens a session. A wrong password and an unknown e-mail address are answered alike; `account_blocked` only after the right password. After `outcome_unknown` or no answer, the " +
				"same request can be sent again: a session that the first request may have opened is never used, and expires.",
			tags: ["auth"],
			body: Credentials.ref,
			response: { 200: Session.answer("The new session") },
		},
		config: {
			problems: [
				...BODY_PROBLEMS,
				"invalid_credentials",
				"account_blocked",
				"too_many_requests",
				"busy",
				"outcome_unknown",
				...STORE_PROBLEMS,
			],
		},
		handler: async (request, reply) => {
			const { email, password } = request.body;
			const waitMs = await app.countAccountAttempt(email);
			if (waitMs !== null) return refuseForRate(reply, waitMs);
			const found = await findUserByEmail(database, email);
			const { matches, rehash: isOutdated } = await passwords.verify(password, found?.passwordHash ?? null);
			if (found === null || !matches) return reply.problem("invalid_credentials");
			if (isOutdated) await rehash(found.user.id, password, found.passwordHash);
			const opened = await openSession(app, database, found.user);
			// Blocked only after the right password: otherwise the answer would reveal to anyone who is blocked.
			if (opened.outcome !== "opened") return reply.problem(opened.outcome === "blocked" ? "account_blocked" : "invalid_credentials");
			reply.outcome = "signed_in";
			return reply.send(opened.session);
		},
	});
}
