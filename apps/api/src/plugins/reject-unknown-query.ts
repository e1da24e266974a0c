/**
 * Rejects query parameters on routes that declare none. Unknown parameters are rejected for the same reason as unknown body fields:
 * ignoring a typo silently would hide it.
 */
import type { RouteOptions } from "fastify";
import fp from "fastify-plugin";
import { Type } from "typebox";
import { CLOSED } from "../contract/share.ts";

const NO_QUERY = Type.Object({}, CLOSED);

/** Fastify plugin: register it before the routes. */
export const rejectUnknownQuery = fp(
	(app, _options, done) => {
		app.addHook("onRoute", closeQuery);
		done();
	},
	{ name: "reject-unknown-query" },
);

/** Gives a route without a query schema one that allows no parameters. Routes that the document hides are left as they are. */
function closeQuery(route: RouteOptions): void {
	const { schema } = route;
	if (schema === undefined || schema.hide === true || schema.querystring !== undefined) return;
	schema.querystring = NO_QUERY;
	const { problems = [] } = route.config ?? {};
	if (!problems.includes("invalid_request")) route.config = { ...route.config, problems: ["invalid_request", ...problems] };
}
