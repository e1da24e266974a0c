/**
 * Who is asking. Access tokens are JWTs: HS256 and nothing else, issuer and audience pinned, 15 minutes. A token
 * that was verified is remembered until it expires: 4 instead of 14 microseconds per request. The memory holds
 * nothing past `exp`, so an expired token is refused however often it was seen.
 *
 * A token names the family of refresh tokens it came with. Logging out denies the family and not the one token, so that
 * every access token of that sign-in is refused, whichever of them came along. Deleting an account denies the user.
 */
import { randomUUID } from "node:crypto";
import fastifyJwt from "@fastify/jwt";
import { ACCESS_TOKEN_TTL_SECONDS } from "@holdfast/accounts";
import { parseUserId, type UserId } from "@holdfast/domain";
import { assert } from "@holdfast/runtime";
import type { AuthStore } from "@holdfast/seat-store";
import type { FastifyInstance, FastifyRequest, onRequestAsyncHookHandler } from "fastify";
import fp from "fastify-plugin";
import { ROLES, type Role } from "../contract/user.ts";
import { createVerifiedTokens, type VerifiedToken } from "./verified-tokens.ts";

/** The person behind a request, as the token names them. */
export type SignedInUser = {
	readonly id: UserId;
	readonly role: Role;
	/** The family of refresh tokens that the token belongs to: one sign-in. */
	readonly family: string;
};

declare module "@fastify/jwt" {
	interface FastifyJWT {
		payload: { sub: string; role: Role; jti: string; family: string };
		user: SignedInUser | null;
	}
}

declare module "fastify" {
	interface FastifyInstance {
		/** `onRequest` hook: 401 unless a valid token came along; 503 when nobody can tell whether it was denied. */
		requireUser: onRequestAsyncHookHandler;
		/** `onRequest` hook: 401 if a token came along and is not valid; without one the request goes on as nobody's. */
		acceptUser: onRequestAsyncHookHandler;
	}
}

const ISSUER = "holdfast";
const AUDIENCE = "holdfast-api";
/** Tokens remembered as verified. About 1 KB each, 3 KB at most. */
const VERIFIED_TOKENS_MAX = 10_000;
const MS_PER_SECOND = 1_000;
const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
const BEARER = /^Bearer +([A-Za-z0-9._-]{1,2048})$/i;

export const auth = fp<{ jwtSecret: string; authStore: Pick<AuthStore, "isDenied"> }>(
	async (app, { jwtSecret, authStore }) => {
		await app.register(fastifyJwt, {
			secret: jwtSecret,
			sign: { algorithm: "HS256", iss: ISSUER, aud: AUDIENCE, expiresIn: ACCESS_TOKEN_TTL_SECONDS },
			verify: {
				algorithms: ["HS256"],
				allowedIss: ISSUER,
				allowedAud: AUDIENCE,
				requiredClaims: ["sub", "role", "jti", "family", "iss", "aud", "exp"],
			},
		});
		const readToken = createVerifiedTokens({ verify: (token) => verifyToken(app, token), keptMax: VERIFIED_TOKENS_MAX });

		/** Sets `request.user` and resolves to true if a valid token came along that was not denied. */
		async function identify(request: FastifyRequest): Promise<boolean> {
			const { authorization } = request.headers;
			const token = authorization === undefined ? undefined : BEARER.exec(authorization)?.[1];
			const user = token === undefined ? null : readToken(token);
			if (user === null || (await authStore.isDenied(user.family, user.id))) return false;
			request.user = user;
			return true;
		}

		const requireUser: onRequestAsyncHookHandler = async (request, reply) => {
			return (await identify(request)) ? undefined : reply.problem("unauthenticated");
		};
		const acceptUser: onRequestAsyncHookHandler = async (request, reply) => {
			if (request.headers.authorization === undefined || (await identify(request))) return undefined;
			return reply.problem("unauthenticated");
		};
		app.decorate("requireUser", requireUser).decorate("acceptUser", acceptUser);
	},
	{ name: "auth", dependencies: ["send-problems"] },
);

/** A new access token for a user. */
export function mintAccessToken(app: FastifyInstance, { id, role, family }: SignedInUser): string {
	return app.jwt.sign({ sub: id, role, jti: randomUUID(), family });
}

/** The user of a request that came through `requireUser`. */
export function signedInUser(request: FastifyRequest): SignedInUser {
	assert(request.user !== null, "a route that needs a user is guarded by requireUser");
	return request.user;
}

function verifyToken(app: FastifyInstance, token: string): VerifiedToken<SignedInUser> | null {
	try {
		const { sub, role: roleInToken, family, exp } = app.jwt.verify<Record<string, unknown>>(token);
		const id = typeof sub === "string" ? parseUserId(sub) : null;
		const role = ROLES.find((known) => known === roleInToken);
		if (id === null || role === undefined || typeof family !== "string" || !UUID.test(family)) return null;
		return typeof exp === "number" ? { tokenClaims: { id, role, family }, expiresAtMs: exp * MS_PER_SECOND } : null;
	} catch {
		return null;
	}
}
