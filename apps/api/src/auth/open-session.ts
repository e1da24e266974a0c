/** Opens sessions for authenticated users: an access token and a refresh token. */
import { ACCESS_TOKEN_TTL_SECONDS } from "@holdfast/accounts";
import { type Database, type OpenedFamily, openRefreshFamily, type User } from "@holdfast/database";
import type { FastifyInstance } from "fastify";
import { mintAccessToken } from "../plugins/auth.ts";
import { presentUser } from "./present-user.ts";

/** Starts a family of refresh tokens for this user and returns the session, or why the user may not sign in. */
export async function openSession(app: FastifyInstance, database: Database, user: User) {
	const opened = await openRefreshFamily(database, user.id);
	return opened.outcome === "opened" ? { outcome: opened.outcome, session: presentSession(app, user, opened) } : opened;
}

/** Returns the response body of register, log-in and refresh, with a new access token. */
export function presentSession(app: FastifyInstance, user: User, { familyId, refreshToken }: OpenedFamily) {
	return {
		user: presentUser(user),
		accessToken: mintAccessToken(app, { id: user.id, role: user.role, family: familyId }),
		refreshToken,
		expiresInSeconds: ACCESS_TOKEN_TTL_SECONDS,
	};
}
