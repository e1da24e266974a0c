/**
 * Guards the admin routes: deny by default. The hook reads the role that a route needs from its config; a route that names none needs
 * `admin`, so a forgotten entry locks a route instead of opening it.
 */
import type { onRequestAsyncHookHandler } from "fastify";
import type { Role } from "../contract/user.ts";
import { signedInUser } from "../plugins/auth.ts";

declare module "fastify" {
	interface FastifyContextConfig {
		/** The role that the admin plugin requires for this route; `admin` when absent. */
		role?: Role;
	}
}

/** `onRequest` hook, to run after `requireUser`: answers 403 `forbidden` unless the user has the role of the route. */
export const requireRole: onRequestAsyncHookHandler = async (request, reply) => {
	const required = request.routeOptions.config.role ?? "admin";
	return signedInUser(request).role === required ? undefined : reply.problem("forbidden");
};
