/** `DELETE /auth/me`: deletes the account of the signed-in user, who enters the password once more. */
import { findUserWithPassword } from "@holdfast/database";
import { Type } from "typebox";
import type { ApiServer } from "../api-server.ts";
import { BODY_PROBLEMS, EXACT_DETAILS, OWN_PROBLEMS, STORE_PROBLEMS } from "../contract/problems.ts";
import { AccountDeletion } from "../contract/user.ts";
import type { RouteDeps } from "../deps.ts";
import { signedInUser } from "../plugins/auth.ts";
import { refuseForRate } from "../plugins/limit-requests.ts";
import { answerDeletion, runDeletion } from "./answer-deletion.ts";

/** Registers `DELETE /auth/me`. */
export function addDeleteMe(app: ApiServer, deps: RouteDeps): void {
	app.route({
		method: "DELETE",
		url: "/me",
		// Like a sign-in: a stolen access token must not be a way to guess the password.
		onRequest: [app.requireUser, app.limitAddress],
		schema: {
			operationId: "deleteMe",
			summary: "Delete the own account",
			description:
				"Deletes the account for good: all sessions end, holds are released, and e-mail address, password and name are erased. Past and " +
				"cancelled bookings stay, under an id that names no person. Refused while the account has confirmed bookings at showtimes that are " +
				"not over. Attempts with a password count like sign-ins. An admin cannot delete the own account: another admin takes the role " +
				"first, or deletes the account. The answer takes 5 to 10 seconds, until no other server accepts the tokens any more. After no answer, or " +
				"`outcome_unknown`, sign in: if that is answered `invalid_credentials`, the account is deleted, or its deletion was interrupted " +
				"and the cinema can finish it.",
			tags: ["auth"],
			security: [{ accessToken: [] }],
			body: AccountDeletion.ref,
			response: { 204: Type.Null({ description: "The account is deleted" }) },
		},
		config: {
			problems: [
				...BODY_PROBLEMS,
				...OWN_PROBLEMS,
				"invalid_credentials",
				"own_role",
				"has_bookings",
				"busy",
				"outcome_unknown",
				...STORE_PROBLEMS,
			],
			exactDetails: ["wrong_password", "account_has_bookings"],
		},
		handler: async (request, reply) => {
			const found = await findUserWithPassword(deps.database, signedInUser(request).id);
			if (found === null) return reply.problem("unauthenticated");
			const { user, passwordHash } = found;
			const waitMs = await app.countAccountAttempt(user.email);
			if (waitMs !== null) return refuseForRate(reply, waitMs);
			const { matches } = await deps.passwords.verify(request.body.password, passwordHash);
			if (!matches) return reply.problem("invalid_credentials", { detail: EXACT_DETAILS.wrong_password.detail });
			if (user.role === "admin") return reply.problem("own_role");
			return answerDeletion(reply, await runDeletion(deps, user.id, null));
		},
	});
}
