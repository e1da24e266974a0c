/** What a person gets who has just proved who they are: an access token, and the refresh token that follows it. */
import { ACCESS_TOKEN_TTL_SECONDS } from "@holdfast/accounts";
import { type Database, type OpenedFamily, openRefreshFamily, type User } from "@holdfast/database";
import type { FastifyInstance } from "fastify";
import { mintAccessToken } from "../plugins/auth.ts";
import { presentUser } from "./present-user.ts";

/** Begin a family of refresh tokens for this user; null when their account is being deleted. */
export async function openSession(app: FastifyInstance, database: Database, user: User) {
	const opened = await openRefreshFamily(database, user.id);
	return opened.outcome === "opened" ? presentSession(app, user, opened) : null;
}

/** The answer to registering, signing in and refreshing. */
export function presentSession(app: FastifyInstance, user: User, { familyId, refreshToken }: OpenedFamily) {
	return {
		user: presentUser(user),
		accessToken: mintAccessToken(app, { id: user.id, role: user.role, family: familyId }),
		refreshToken,
		expiresInSeconds: ACCESS_TOKEN_TTL_SECONDS,
	};
}
