/** What a person gets who has just proved who they are. */
import type { User } from "@holdfast/database";
import type { FastifyInstance } from "fastify";
import { toInstant } from "../contract/share.ts";
import type { UserBody } from "../contract/user.ts";
import { ACCESS_TOKEN_TTL_SECONDS, mintAccessToken } from "../plugins/auth.ts";

export const presentUser = (user: User): UserBody => ({
	id: user.id,
	email: user.email,
	displayName: user.displayName,
	role: user.role,
	createdAt: toInstant(user.createdAt),
});

export const presentSession = (app: FastifyInstance, user: User) => ({
	user: presentUser(user),
	accessToken: mintAccessToken(app, user),
	expiresInSeconds: ACCESS_TOKEN_TTL_SECONDS,
});
