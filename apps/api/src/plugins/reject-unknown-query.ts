/**
 * Rejects unknown query parameters on routes that take none, as unknown body fields are rejected: ignoring a typo silently would
 * hide it. Register before the routes.
 */
import type { RouteOptions } from "fastify";
import fp from "fastify-plugin";
import { Type } from "typebox";
import { CLOSED } from "../contract/share.ts";

const NO_QUERY = Type.Object({}, CLOSED);

export const rejectUnknownQuery = fp(
	(app, _options, done) => {
		app.addHook("onRoute", closeQuery);
		done();
	},
	{ name: "reject-unknown-query" },
);

/** Closes the query of a route of the contract. Routes that are hidden from the document keep theirs. */
function closeQuery(route: RouteOptions): void {
	const { schema } = route;
	if (schema === undefined || schema.hide === true || schema.querystring !== undefined) return;
	schema.querystring = NO_QUERY;
	const { problems = [] } = route.config ?? {};
	if (!problems.includes("invalid_request")) route.config = { ...route.config, problems: ["invalid_request", ...problems] };
}
