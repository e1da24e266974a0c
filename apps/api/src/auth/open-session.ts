/** What a person gets who has just proved who they are: an access token, and the refresh token that follows it. */
import { type Database, openRefreshFamily, type User } from "@holdfast/database";
import type { FastifyInstance } from "fastify";
import { ACCESS_TOKEN_TTL_SECONDS, mintAccessToken } from "../plugins/auth.ts";
import { presentUser } from "./present-user.ts";

/** Begin a family of refresh tokens for this user. */
export async function openSession(app: FastifyInstance, database: Database, user: User) {
	return presentSession(app, user, await openRefreshFamily(database, user.id));
}

/** The answer to a sign-in and to a refresh. */
export function presentSession(app: FastifyInstance, user: User, { familyId, refreshToken }: { familyId: string; refreshToken: string }) {
	return {
		user: presentUser(user),
		accessToken: mintAccessToken(app, { id: user.id, role: user.role, family: familyId }),
		refreshToken,
		expiresInSeconds: ACCESS_TOKEN_TTL_SECONDS,
	};
}
